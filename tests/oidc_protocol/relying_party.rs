//! The server as a library sees it that knows nothing of it: the `openidconnect` crate, unmodified.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RefreshToken, Scope, TokenResponse,
};

use super::*;

on_both! {
    async fn the_openidconnect_crate_signs_a_visitor_in(app: TestApp) {
        for (id, alg) in [("hall", "ES256"), ("old", "RS256")] {
            let portal = Portal::register_with(&app, id, json!({"id_token_signed_response_alg": alg})).await;
            let http = openidconnect::reqwest::ClientBuilder::new()
                .redirect(openidconnect::reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap();
            let issuer = IssuerUrl::new(app.base.clone()).unwrap();
            let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
            let client = CoreClient::from_provider_metadata(
                metadata,
                ClientId::new(portal.id.clone()),
                portal.secret.clone().map(ClientSecret::new),
            )
            .set_redirect_uri(RedirectUrl::new(portal.redirect_uri.clone()).unwrap());
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let (url, state, nonce) = client
                .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
                .add_scope(Scope::new("profile".to_owned()))
                .add_scope(Scope::new("phone".to_owned()))
                .add_scope(Scope::new("offline_access".to_owned()))
                .set_pkce_challenge(challenge)
                .url();
            let mut agent = signed_in(&app).await;
            let reply = agent.get(url.as_str()).await;
            assert_eq!(reply.query("state").as_ref(), Some(state.secret()));
            let code = AuthorizationCode::new(reply.query("code").unwrap());
            let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
            let tokens = request.request_async(&http).await.unwrap();
            let verifier = client.id_token_verifier();
            let id_token = tokens.id_token().unwrap();
            let claims = id_token.claims(&verifier, &nonce).unwrap();
            let hash = AccessTokenHash::from_token(
                tokens.access_token(),
                id_token.signing_alg().unwrap(),
                id_token.signing_key(&verifier).unwrap(),
            );
            assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
            let subject = Some(claims.subject().clone());
            let request = client.user_info(tokens.access_token().clone(), subject).unwrap();
            let userinfo: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
            assert_eq!(userinfo.name().unwrap().get(None).unwrap().as_str(), "李颖");
            assert_eq!(userinfo.phone_number().unwrap().as_str(), "+8619400000003");
            let refresh = RefreshToken::new(tokens.refresh_token().unwrap().secret().clone());
            let request = client.exchange_refresh_token(&refresh).unwrap();
            let again = request.request_async(&http).await.unwrap();
            // Core section 12.2: no nonce in what a refresh brings.
            let none_expected = |nonce: Option<&Nonce>| match nonce {
                None => Ok(()),
                Some(_) => Err("a nonce".to_owned()),
            };
            let refreshed = again.id_token().unwrap().claims(&verifier, none_expected).unwrap();
            assert_eq!(refreshed.subject(), claims.subject());
        }
    }
}
