//! What a visitor is told when something does not work, each with a way onward.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::provider::Unreachable;
use crate::relying_party::RelyingParty;

pub type Result<T> = std::result::Result<T, Problem>;

#[derive(Debug)]
pub enum Problem {
    /// The provider does not answer; `retry` is the page to try again.
    ProviderUnreachable {
        retry: String,
    },
    /// This portal has no credentials.
    NotRegistered(RelyingParty),
    /// An answer to no sign-in of this browser: too late, twice, or somebody else's.
    Stale(RelyingParty),
    /// The session, here or at the provider, has ended.
    SignInOver(RelyingParty),
    /// The provider's answer is an error.
    Refused(RelyingParty, String),
    /// The provider's answer cannot be trusted, or not be redeemed.
    Untrusted(RelyingParty, anyhow::Error),
    NotFound,
    Fault(anyhow::Error),
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    heading: &'static str,
    explanation: String,
    /// A word for the help desk.
    code: Option<String>,
    onward: String,
    onward_label: &'static str,
    home: &'static str,
}

impl Problem {
    pub fn unreachable(retry: impl Into<String>) -> impl FnOnce(Unreachable) -> Self {
        move |Unreachable| Self::ProviderUnreachable { retry: retry.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::ProviderUnreachable { .. } | Self::NotRegistered(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Stale(_) | Self::Refused(..) => StatusCode::BAD_REQUEST,
            Self::SignInOver(_) => StatusCode::FORBIDDEN,
            Self::Untrusted(..) => StatusCode::BAD_GATEWAY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn page(self) -> Page {
        let again = |party: RelyingParty| format!("{}/login", party.path());
        let (heading, explanation, code, onward, onward_label, home) = match self {
            Self::ProviderUnreachable { retry } => (
                "统一身份认证平台暂时无法访问",
                "登录服务正在启动或维护，请稍候片刻再试。您的办件信息不受影响。".to_owned(),
                None,
                retry,
                "重新尝试",
                "/",
            ),
            Self::NotRegistered(party) => (
                "该应用尚未接入统一身份认证平台",
                format!("“{}”还没有在统一身份认证平台登记，暂时不能登录。", party.name()),
                None,
                party.front_door().to_owned(),
                "返回首页",
                party.front_door(),
            ),
            Self::Stale(party) => (
                "登录请求已失效",
                "本次登录请求已超时或已使用，也可能不是由当前浏览器发起。请重新登录。".to_owned(),
                None,
                again(party),
                "重新登录",
                party.front_door(),
            ),
            Self::SignInOver(party) => (
                "登录状态已失效",
                format!("您在“{}”的登录已超时或已在别处退出，请重新登录后继续。", party.name()),
                None,
                again(party),
                "重新登录",
                party.front_door(),
            ),
            Self::Refused(party, code) => (
                refusal(&code),
                explain(&code).to_owned(),
                Some(code),
                again(party),
                "重新登录",
                party.front_door(),
            ),
            Self::Untrusted(party, error) => {
                tracing::warn!(client_id = party.client_id(), error = format!("{error:#}"), "sign-in failed");
                (
                    "登录未完成",
                    "未能核实统一身份认证平台返回的登录结果，请重新登录；如多次出现，请联系技术支持。"
                        .to_owned(),
                    None,
                    again(party),
                    "重新登录",
                    party.front_door(),
                )
            }
            Self::NotFound => (
                "没有找到您访问的页面",
                "请检查网址是否正确，或返回首页。".to_owned(),
                None,
                "/".to_owned(),
                "返回首页",
                "/",
            ),
            Self::Fault(error) => {
                tracing::error!(error = format!("{error:#}"), "a page failed");
                (
                    "系统繁忙",
                    "页面暂时无法显示，请稍后再试。".to_owned(),
                    None,
                    "/".to_owned(),
                    "返回首页",
                    "/",
                )
            }
        };
        Page { heading, explanation, code, onward, onward_label, home }
    }
}

fn refusal(code: &str) -> &'static str {
    match code {
        "access_denied" => "您已取消登录",
        _ => "登录未完成",
    }
}

fn explain(code: &str) -> &'static str {
    match code {
        "access_denied" => "您没有同意登录或授权，本站未获得您的任何信息。",
        "temporarily_unavailable" | "server_error" => "统一身份认证平台暂时繁忙，请稍后再试。",
        "unauthorized_client" | "invalid_scope" | "invalid_request" | "unsupported_response_type" => {
            "本站在统一身份认证平台的登记信息有误，请联系技术支持。"
        }
        _ => "统一身份认证平台未能完成本次登录，请重新登录。",
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let page = self.page();
        let mut response = match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, page.heading).into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
