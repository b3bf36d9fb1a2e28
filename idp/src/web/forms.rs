//! Forms of our own pages. `SafeForm` can't be used on a route without the cross-origin check.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::error::{Error, Problem};
use super::params::{Malformed, Params};

/// Left on a request by [`mark_checked`], behind the layer that refuses other sites' requests.
#[derive(Clone, Copy)]
struct OriginChecked;

/// Runs only behind tower-http's csrf layer.
pub async fn mark_checked(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(OriginChecked);
    next.run(request).await
}

/// A form of `T`'s fields. Unknown fields are ignored; a field given twice, bad UTF-8 or another content type is 400
/// or 415.
pub struct SafeForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SafeForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if request.extensions().get::<OriginChecked>().is_none() {
            return Err(Error::Fault(anyhow::anyhow!("a form on a route without the cross-origin check")));
        }
        let params = form_params(request, state).await?;
        let fields = params.into_pairs().into_iter().map(|(name, value)| (name, value.into()));
        let fields: serde_json::Map<String, serde_json::Value> = fields.collect();
        let form = serde_json::from_value(fields.into())
            .map_err(|_| Problem::of_status(StatusCode::BAD_REQUEST).detail("a field is missing"))?;
        Ok(Self(form))
    }
}

/// The parameters of a form body.
///
/// # Errors
/// A [`Problem`] that says what is wrong with it.
pub async fn form_params<S: Send + Sync>(request: Request, state: &S) -> Result<Params, Error> {
    let params = form_params_as_sent(request, state).await?;
    match params.repeated() {
        Some(_) => Err(Problem::of_status(StatusCode::BAD_REQUEST).detail("a field was sent twice").into()),
        None => Ok(params),
    }
}

/// The parameters of a form body, repeated ones too: for whoever tells a repetition in another way.
///
/// # Errors
/// A [`Problem`] that says what is wrong with it.
pub async fn form_params_as_sent<S: Send + Sync>(request: Request, state: &S) -> Result<Params, Error> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).into());
    }
    let body = Bytes::from_request(request, state)
        .await
        .map_err(|rejection| Problem::of_status(rejection.status()))?;
    let bad = |error: Malformed| Problem::of_status(StatusCode::BAD_REQUEST).detail(error.to_string());
    Ok(Params::parse(&body).map_err(bad)?)
}
