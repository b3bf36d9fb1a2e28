//! JARM (JWT Secured Authorization Response Mode): the authorization response as one signed JWT.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::client_keys::Inside;
use crate::domain::encryption_alg::ContentEncryption;
use crate::domain::signing_alg::SigningAlg;

/// How long a response is good for, in seconds; JARM section 2.1 recommends at most ten minutes.
const LIFE: i64 = 300;

/// The `response` parameter: signed, and then encrypted, as the client registered (where it did not, RS256, and not
/// encrypted: JARM section 3; of a client held to FAPI 2.0, which leaves RS256 out, as its ID tokens). `None` if it wants
/// encryption and has published no key for that.
///
/// # Errors
/// When signing fails.
pub async fn response(app: &App, client: &Client, answer: &[(&str, &str)]) -> anyhow::Result<Option<String>> {
    let now = app.clock.now();
    let mut claims: Map<String, Value> =
        answer.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    claims.insert("iss".to_owned(), json!(app.config.issuer));
    claims.insert("aud".to_owned(), json!(client.id));
    claims.insert("exp".to_owned(), json!(now.seconds() + LIFE));
    let by_default = if client.is_held_to_fapi() {
        client.metadata.id_token_signed_response_alg
    } else {
        SigningAlg::RS256
    };
    let alg = client.metadata.authorization_signed_response_alg.unwrap_or(by_default);
    let signed = app.keys.sign(alg, "JWT", &claims, now)?;
    let Some(alg) = client.metadata.authorization_encrypted_response_alg else { return Ok(Some(signed)) };
    let enc = client.metadata.authorization_encrypted_response_enc.unwrap_or(ContentEncryption::A128GCM);
    Ok(app.encrypted_for(client, alg, enc, Inside::Jwt, signed.as_bytes()).await)
}
