//! What no endpoint has answered: a method that there is not, a request that was given up or that panicked. Outer layers
//! say that with a status alone; programs are told as everything else (RFC 6749 section 5.2).

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::{Code, OAuthError};
use crate::web::headers::{is_bare, is_of_body};

/// The layer around the endpoints for programs.
pub async fn tell(request: Request, next: Next) -> Response {
    in_json(next.run(request).await)
}

fn in_json(answer: Response) -> Response {
    if !is_bare(&answer) {
        return answer;
    }
    let status = answer.status();
    let told = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            OAuthError::new(Code::InvalidRequest, "the endpoint does not know this method")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            OAuthError::new(Code::TemporarilyUnavailable, "try again in a moment")
        }
        _ if status.is_server_error() => OAuthError::new(Code::ServerError, "the provider failed"),
        _ => OAuthError::new(Code::InvalidRequest, "the request is malformed"),
    };
    let mut response = (status, told).into_response();
    // Such as what lets a script read it.
    for (name, value) in answer.headers().iter().filter(|(name, _)| !is_of_body(name)) {
        response.headers_mut().append(name, value.clone());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_alone_becomes_an_error() {
        for (answer, retry_after) in [
            (StatusCode::SERVICE_UNAVAILABLE.into_response(), Some("2")),
            // As CatchPanicLayer says it.
            ((StatusCode::INTERNAL_SERVER_ERROR, "Service panicked").into_response(), None),
            (StatusCode::METHOD_NOT_ALLOWED.into_response(), None),
            (StatusCode::BAD_REQUEST.into_response(), None),
        ] {
            let status = answer.status();
            let told = in_json(answer);
            assert_eq!(told.status(), status);
            let header = |name| told.headers().get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header(header::CONTENT_TYPE), Some("application/json"), "{status}");
            assert_eq!(header(header::CACHE_CONTROL), Some("no-store"), "{status}");
            assert_eq!(header(header::RETRY_AFTER), retry_after, "{status}");
        }
    }

    #[test]
    fn an_answer_stays_what_it_is() {
        for answer in [
            StatusCode::NO_CONTENT.into_response(),
            (StatusCode::OK, "{}").into_response(),
            OAuthError::new(Code::InvalidGrant, "the code is used up").into_response(),
        ] {
            let (status, headers) = (answer.status(), answer.headers().clone());
            let told = in_json(answer);
            assert_eq!((told.status(), told.headers()), (status, &headers));
        }
    }
}
