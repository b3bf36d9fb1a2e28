//! What goes wrong with a request, and how it is told: a page in Chinese to visitors, JSON to programs.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::NoKey;
use crate::store;

/// A handler's outcome. An `Err` is never a refusal of a rule: that is a page of its own.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that ends a request early.
#[derive(Debug)]
pub enum Error {
    /// Ours to mend: logged, told as 500 without its reason.
    Fault(anyhow::Error),
    /// The database is away or we are overloaded: told as 503.
    Unavailable(anyhow::Error),
    /// The visitor's to mend.
    Problem(Problem),
}

/// What a visitor is told on the error page. Travels with the response until a layer renders it.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    pub title: &'static str,
    pub message: String,
    /// For whoever helps the visitor: an error code, never personal data.
    pub detail: Option<String>,
    /// What can be done instead: its name and where it is.
    pub onward: Option<(&'static str, String)>,
}

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, message: impl Into<String>) -> Self {
        Self { status, title, message: message.into(), detail: None, onward: None }
    }

    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    #[must_use]
    pub fn onward(self, name: &'static str, url: impl Into<String>) -> Self {
        Self { onward: Some((name, url.into())), ..self }
    }

    /// What a bare status without a body means to a visitor.
    pub fn of_status(status: StatusCode) -> Self {
        let (title, message) = match status {
            StatusCode::NOT_FOUND => ("页面不存在", "您访问的页面不存在，请检查地址是否正确。"),
            StatusCode::METHOD_NOT_ALLOWED => ("请求方式不正确", "该地址不支持这种访问方式，请返回后重试。"),
            StatusCode::PAYLOAD_TOO_LARGE => ("提交内容过大", "提交的内容超出了限制，请精简后重试。"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("提交格式不正确", "提交的内容格式不正确，请从页面提交。"),
            StatusCode::FORBIDDEN => {
                ("请求未被接受", "该请求来自其他网站，为保护您的账号已被拒绝。请从本站页面重新操作。")
            }
            StatusCode::REQUEST_TIMEOUT => ("请求超时", "请求未能及时完成，请重试。"),
            StatusCode::SERVICE_UNAVAILABLE => ("服务暂时不可用", "系统繁忙，请稍后再试。"),
            status if status.is_server_error() => {
                ("系统出现故障", "抱歉，系统出现故障，我们已记录该问题，请稍后再试。")
            }
            _ => ("请求不正确", "提交的内容不正确，请返回后重试。"),
        };
        Self::new(status, title, message)
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        if error.is::<NoKey>() {
            let message = "来源网站未提供可用的加密密钥，请联系该网站的管理员。";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "无法返回来源网站", message);
            return Self::Problem(problem.detail(NoKey.to_string()));
        }
        let away = error.chain().any(|cause| {
            cause.downcast_ref::<sqlx::Error>().is_some_and(store::is_unavailable)
                || cause
                    .downcast_ref::<std::sync::Arc<sqlx::Error>>()
                    .is_some_and(|cause| store::is_unavailable(cause))
        });
        if away { Self::Unavailable(error) } else { Self::Fault(error) }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Fault(error) => {
                tracing::error!(error = format!("{error:#}"), "fault");
                Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
            Self::Unavailable(error) => {
                tracing::warn!(error = format!("{error:#}"), "unavailable");
                let mut response = Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
                response
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
