//! A request object is pushed once: its `jti` counts at all instances. Only there, because a program signs anew for each
//! request that it pushes, while a visitor goes back and reloads (see decisions/0027).

use serde_json::{Map, Value};

use super::refuse;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::{Span, Timestamp};
use crate::oidc::error::{OAuthError, Result};
use crate::platform::random;
use crate::store::used_once;

/// How long a `jti` counts where the object does not say when it ends, or says it much later.
const LONGEST: Span = Span::minutes(24 * 60);
/// Clocks differ.
const LEEWAY: Span = Span::seconds(60);

/// What makes a request object this very one.
pub struct Once {
    key: Vec<u8>,
    until: Timestamp,
}

impl Once {
    /// `None` where the object has no `jti`.
    ///
    /// # Errors
    /// `invalid_request_object` for a `jti` that is no text.
    pub fn of(
        client: &Client,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Option<Self>, OAuthError> {
        let Some(jti) = claims.get("jti") else { return Ok(None) };
        let jti = jti.as_str().filter(|jti| !jti.is_empty()).ok_or(refuse("jti must be a text"))?;
        let end = claims.get("exp").and_then(Value::as_f64).map(|seconds| seconds as i64);
        let end = end.map_or(i64::MAX, |seconds| seconds.saturating_mul(1000));
        let until = Timestamp::from_millis(end).min(now + LONGEST) + LEEWAY;
        Ok(Some(Self { key: random::hash(&format!("request_object|{}|{jti}", client.id)), until }))
    }

    /// # Errors
    /// `invalid_request_object` if it was used before.
    pub async fn use_up(&self, app: &App) -> Result<()> {
        if used_once::r#use(&app.store, &self.key, self.until).await? {
            return Ok(());
        }
        Err(refuse("a request object with this jti was pushed before").into())
    }
}
