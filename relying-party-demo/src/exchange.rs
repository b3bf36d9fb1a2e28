//! The code for tokens, the tokens for claims: from an authorization response to a session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, IdTokenClaims, Nonce,
    OAuth2TokenResponse as _, TokenResponse as _, UserInfoClaims,
};

use crate::account::{Account, AccountClaims, SessionClaims};
use crate::dpop::{ProofKey, Sender};
use crate::pending::PendingSignIn;
use crate::portal::{Credentials, Portal};
use crate::provider::{self, Client, Metadata, TokenResponse};
use crate::relying_party::RelyingParty;
use crate::sessions::Session;
use crate::tokens::Tokens;

type Claims = IdTokenClaims<SessionClaims, CoreGenderClaim>;
type UserInfo = UserInfoClaims<AccountClaims, CoreGenderClaim>;

pub async fn exchange(
    portal: &Portal,
    metadata: Arc<Metadata>,
    party: RelyingParty,
    credentials: Credentials,
    code: AuthorizationCode,
    sign_in: PendingSignIn,
) -> anyhow::Result<Session> {
    let proof_key = party.binds_tokens().then(ProofKey::new).transpose()?.map(Arc::new);
    let http = Sender::new(&portal.provider.http, proof_key.as_ref());
    let mut client = provider::client(&metadata, party, credentials.clone(), &portal.public_url)?;
    let tokens = client
        .exchange_code(code)?
        .set_pkce_verifier(sign_in.verifier)
        .request_async(&http)
        .await
        .context("the provider does not redeem the code")?;

    let mut claims = verify(&client, &tokens, &sign_in.nonce);
    if signature_is_wrong(&claims) {
        let newer = portal.provider.ask_again(Some(&metadata)).await?;
        client = provider::client(&newer, party, credentials, &portal.public_url)?;
        claims = verify(&client, &tokens, &sign_in.nonce);
    }
    let claims = claims.context("the ID token does not hold")?;
    check_access_token(&client, &tokens, &claims)?;

    let about: UserInfo = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?
        .request_async(&http)
        .await
        .context("no user info")?;

    Ok(Session {
        party,
        subject: claims.subject().to_string(),
        provider_session: claims.additional_claims().sid.clone(),
        id_token: tokens.id_token().map(ToString::to_string).unwrap_or_default(),
        account: Account {
            name: about.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
            phone: about.phone_number().map(|phone| phone.to_string()),
            claims: about.additional_claims().clone(),
        },
        tokens: party.keeps_tokens().then(|| Tokens::of(&tokens).shared()),
        proof_key,
        began: Instant::now(),
        ratings: BTreeMap::new(),
    })
}

fn verify(client: &Client, tokens: &TokenResponse, nonce: &Nonce) -> Result<Claims, ClaimsVerificationError> {
    tokens
        .id_token()
        .ok_or_else(|| ClaimsVerificationError::Other("there is no ID token".into()))?
        .claims(&client.id_token_verifier(), nonce)
        .cloned()
}

/// Perhaps by a key that came after those we have.
fn signature_is_wrong(claims: &Result<Claims, ClaimsVerificationError>) -> bool {
    matches!(claims, Err(ClaimsVerificationError::SignatureVerification(_)))
}

/// `at_hash`, if the ID token has one: the access token is the one that was issued with it.
fn check_access_token(client: &Client, tokens: &TokenResponse, claims: &Claims) -> anyhow::Result<()> {
    let (Some(expected), Some(id_token)) = (claims.access_token_hash(), tokens.id_token()) else {
        return Ok(());
    };
    let verifier = client.id_token_verifier();
    let actual = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&verifier)?,
    )?;
    if actual != *expected {
        bail!("the access token is not the one of this ID token");
    }
    Ok(())
}
