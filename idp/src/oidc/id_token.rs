//! The ID token (OpenID Connect Core section 2).

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::claims::{self, ClaimsRequest};
use super::error::Result;
use super::subject::subject;
use super::verified_claims::{self, Known};
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::client_keys::Inside;
use crate::domain::signing_alg::SigningAlg;
use crate::domain::timestamp::Timestamp;
use crate::guard::id_token_hint;
use crate::platform::random;
use crate::store::grants::GrantRow;
use crate::store::principals;

/// Signs an ID token for a grant.
///
/// # Errors
/// When signing fails, or the database does when a claim of the account was asked for.
pub async fn make(
    app: &App,
    client: &Client,
    grant: &GrantRow,
    access_token: &str,
    nonce: Option<&str>,
) -> Result<String> {
    let alg = client.metadata.id_token_signed_response_alg;
    let mut bound = Map::new();
    bound.insert("at_hash".to_owned(), json!(half_hash(alg, access_token)));
    if let Some(nonce) = nonce {
        bound.insert("nonce".to_owned(), json!(nonce));
    }
    Ok(sign(app, client, grant, bound).await?)
}

/// Signs an ID token that comes by way of the browser: bound to what comes with it (Core section 3.3.2.11; `s_hash`:
/// FAPI 1.0 Advanced section 5.1.1). Without a code it holds the claims of the scopes, since nothing else will
/// (Core section 5.4).
///
/// # Errors
/// As [`make`].
pub async fn make_for_browser(
    app: &App,
    client: &Client,
    grant: &GrantRow,
    code: Option<&str>,
    state: Option<&str>,
) -> anyhow::Result<String> {
    let alg = client.metadata.id_token_signed_response_alg;
    let mut bound = Map::new();
    if code.is_none()
        && let Some(principal) = principals::find(&app.store, &app.vault, &grant.account_id).await?
    {
        bound = claims::id_token_alone(client, &principal, &grant.scope);
    }
    for (name, value) in [("c_hash", code), ("s_hash", state)] {
        if let Some(value) = value {
            bound.insert(name.to_owned(), json!(half_hash(alg, value)));
        }
    }
    if let Some(nonce) = &grant.nonce {
        bound.insert("nonce".to_owned(), json!(nonce));
    }
    sign(app, client, grant, bound).await
}

/// `bound` with everything that each ID token has.
async fn sign(
    app: &App,
    client: &Client,
    grant: &GrantRow,
    bound: Map<String, Value>,
) -> anyhow::Result<String> {
    let now = app.clock.now();
    let issued = now.seconds();
    let mut token = bound;
    if let Some(asked) = &grant.claims {
        let asked: ClaimsRequest = serde_json::from_str(asked)?;
        if claims::wants_account(&asked)
            && let Some((principal, confirmed)) =
                principals::find_confirmed(&app.store, &app.vault, &grant.account_id).await?
        {
            token.extend(claims::id_token(client, &principal, &asked));
            let wanted = asked.id_token.get(verified_claims::NAME);
            let known = Known { client, principal: &principal, confirmed, in_userinfo: false };
            let verified = verified_claims::of(app, &known, wanted, &grant.scope);
            token.extend(verified.map(|verified| (verified_claims::NAME.to_owned(), verified)));
        }
    }
    let alg = client.metadata.id_token_signed_response_alg;
    let amr: Vec<&str> = grant.amr.split(' ').collect();
    let mut set = |name: &str, value: Value| token.insert(name.to_owned(), value);
    set("iss", json!(app.config.issuer));
    set("sub", json!(subject(app, client, &grant.account_id)));
    set("aud", json!(client.id));
    set("iat", json!(issued));
    set("exp", json!(issued + i64::from(app.config.tokens.id_token_seconds)));
    set("auth_time", json!(Timestamp::from_millis(grant.authenticated_at).seconds()));
    set("acr", json!(grant.acr));
    set("amr", json!(amr));
    if client.is_told_of_endings() {
        set("sid", json!(grant.sid));
    } else {
        set("jti", json!(id_token_hint::id_within(app, &grant.sid)));
    }
    let signed = app.keys.sign(alg, "JWT", &token, now)?;
    let wanted =
        client.metadata.id_token_encrypted_response_alg.zip(client.metadata.id_token_encrypted_response_enc);
    Ok(app.sealed_for(client, wanted, Inside::Jwt, signed).await?)
}

/// `at_hash` and its like (Core section 3.1.3.6): the left half of the hash that the algorithm uses; Ed25519's is SHA-512.
fn half_hash(alg: SigningAlg, value: &str) -> String {
    match alg {
        SigningAlg::EdDSA => random::base64url(&Sha512::digest(value.as_bytes())[..32]),
        SigningAlg::ES256 | SigningAlg::PS256 | SigningAlg::RS256 => {
            random::base64url(&Sha256::digest(value.as_bytes())[..16])
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn at_hash_is_that_of_the_standard() {
        // OpenID Connect Core appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(super::half_hash(super::SigningAlg::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
