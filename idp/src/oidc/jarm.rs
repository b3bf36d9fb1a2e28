//! JARM (JWT Secured Authorization Response Mode): the authorization response as one signed JWT.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::domain::client::Client;
use crate::domain::signing_alg::SigningAlg;

/// How long a response is good for, in seconds; JARM section 2.1 recommends at most ten minutes.
const LIFE: i64 = 300;

/// The `response` parameter, signed as the client registered (RS256 where it did not: JARM section 3).
///
/// # Errors
/// When signing fails.
pub async fn response(app: &App, client: &Client, answer: &[(&str, &str)]) -> anyhow::Result<String> {
    let now = app.clock.now();
    let mut claims: Map<String, Value> =
        answer.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    claims.insert("iss".to_owned(), json!(app.config.issuer));
    claims.insert("aud".to_owned(), json!(client.id));
    claims.insert("exp".to_owned(), json!(now.seconds() + LIFE));
    let alg = client.metadata.authorization_signed_response_alg.unwrap_or(SigningAlg::RS256);
    app.keys.sign(alg, "JWT", &claims, now)
}
