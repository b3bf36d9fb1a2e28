//! An authorization request, read and checked: everything that can be said of it before anyone looks at who is there.
//! Reads as the checklist of OpenID Connect Core section 3.1.2.1 and RFC 9700.

mod details;
mod prompt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::details::{narrowed as narrowed_details, read as read_details};
pub use self::prompt::Prompt;
use super::claims::ClaimsRequest;
use super::error::{Code, OAuthError};
use super::response_mode::ResponseMode;
use super::{oxide, scopes};
use crate::app::App;
use crate::domain::client::{Client, GrantType, ResponseType};
use crate::guard::id_token_hint;
use crate::web::params::Params;

/// The only parameter that may be sent more than once (RFC 8707 section 2).
pub const REPEATABLE: [&str; 1] = ["resource"];

/// A request that may be answered, as it is kept while its visitor signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client_id: String,
    #[serde(flatten)]
    pub address: ReturnAddress,
    #[serde(default = "code")]
    pub response_type: ResponseType,
    /// What is granted in the end, in the portal's order.
    pub scope: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub prompt: Prompt,
    pub max_age: Option<u32>,
    /// The `sub` of an `id_token_hint`.
    pub hinted_sub: Option<String>,
    pub login_hint: Option<String>,
    pub acr_values: Vec<String>,
    pub claims: Option<ClaimsRequest>,
    pub account_type: Option<String>,
    /// The unit to act for: the `id` of its `legal_entity` claim, or its credit code.
    pub acting_for: Option<String>,
    /// RFC 8707.
    #[serde(default)]
    pub resources: Vec<String>,
    /// RFC 9396: objects whose types and members the provider knows.
    #[serde(default)]
    pub authorization_details: Vec<Value>,
    /// RFC 9449 section 10: the thumbprint of the key that must redeem the code.
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// RFC 9126: what its `request_uri` ended with; used up with the answer.
    #[serde(default)]
    pub pushed_id: Option<String>,
}

impl AuthorizationRequest {
    /// The classes that the portal asked for: those that are essential, else those that it would like.
    pub fn wanted_classes(&self) -> Vec<String> {
        let essential = self.claims.as_ref().filter(|claims| claims.is_essential("acr"));
        let essential = essential.map(|claims| claims.wanted("acr")).filter(|wanted| !wanted.is_empty());
        essential.unwrap_or_else(|| self.acr_values.clone())
    }
}

/// Where every answer goes, right or wrong, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReturnAddress {
    pub redirect_uri: String,
    pub state: Option<String>,
    #[serde(default)]
    pub mode: ResponseMode,
}

const fn code() -> ResponseType {
    ResponseType::Code
}

const fn refuse(code: Code, description: &'static str) -> OAuthError {
    OAuthError::new(code, description)
}

impl ReturnAddress {
    /// The address that a request names, if the client registered it.
    ///
    /// # Errors
    /// Why nothing may be told by redirect (RFC 9700 section 4.11).
    pub fn read(client: &Client, params: &Params) -> Result<Self, &'static str> {
        if params.is_repeated("redirect_uri") {
            return Err("redirect_uri is repeated");
        }
        let redirect_uri = params.get("redirect_uri").unwrap_or_default();
        if !client.may_return_to(redirect_uri) {
            return Err("redirect_uri is not registered");
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            state: params.get("state").map(str::to_owned),
            mode: ResponseMode::for_errors(params.get("response_type"), params.get("response_mode")),
        })
    }
}

/// # Errors
/// What the portal is told at `address`.
pub fn read(
    app: &App,
    client: &Client,
    params: &Params,
    address: ReturnAddress,
) -> Result<AuthorizationRequest, OAuthError> {
    if params.repeated_but(&REPEATABLE).is_some() {
        return Err(refuse(Code::InvalidRequest, "a parameter is repeated"));
    }
    if params.get("registration").is_some() {
        return Err(refuse(Code::RegistrationNotSupported, "registration is not supported"));
    }
    let response_type = read_response_type(client, params.get("response_type"))?;
    let mode = ResponseMode::read(response_type, params.get("response_mode"))?;
    if response_type.has_id_token() && params.get("nonce").is_none() {
        // Core sections 3.2.2.1 and 3.3.2.11.
        return Err(refuse(Code::InvalidRequest, "nonce is needed where an ID token comes by the browser"));
    }
    let prompt = prompt::read(params.get("prompt").unwrap_or_default())?;
    check_challenge(params)?;
    let approved = oxide::authorize(params, client, |asked| negotiate(client, response_type, prompt, asked))?;
    let max_age = match params.get("max_age") {
        // Longer than anybody lives is no other demand than a little less.
        Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(text.parse().unwrap_or(u32::MAX))
        }
        Some(_) => return Err(refuse(Code::InvalidRequest, "max_age must be a number of seconds")),
        None => client.metadata.default_max_age,
    };
    let hinted_sub = match params.get("id_token_hint").map(|hint| id_token_hint::read(app, hint)) {
        Some(Some(hint)) if hint.client_id == client.id => Some(hint.sub),
        Some(_) => {
            return Err(refuse(Code::InvalidRequest, "id_token_hint is not an ID token of this client"));
        }
        None => None,
    };
    let claims = match params.get("claims").map(ClaimsRequest::parse) {
        Some(Err(why)) => return Err(refuse(Code::InvalidRequest, why)),
        Some(Ok(claims)) => Some(claims),
        None => None,
    };
    let acr_values = match params.get("acr_values") {
        Some(values) => values.split(' ').map(str::to_owned).collect(),
        None => client.metadata.default_acr_values.clone().unwrap_or_default(),
    };
    let authorization_details = match params.get("authorization_details") {
        Some(text) => details::read(&app.config.protocol, client, text)?,
        None => Vec::new(),
    };
    let text = |name| params.get(name).map(str::to_owned);
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        address: ReturnAddress { mode, ..address },
        response_type,
        scope: approved.scope,
        nonce: text("nonce"),
        code_challenge: approved.code_challenge,
        prompt,
        max_age,
        hinted_sub,
        login_hint: text("login_hint").filter(|hint| hint.chars().count() <= 100),
        acr_values,
        claims,
        account_type: text("account_type"),
        acting_for: text("acting_for").filter(|unit| unit.len() <= 64),
        resources: read_resources(app, client, params)?,
        authorization_details,
        dpop_jkt: read_thumbprint(params)?,
        pushed_id: None,
    })
}

fn read_response_type(client: &Client, named: Option<&str>) -> Result<ResponseType, OAuthError> {
    let named = named.ok_or(refuse(Code::InvalidRequest, "response_type is missing"))?;
    let unsupported = refuse(Code::UnsupportedResponseType, "the client may not use this response_type");
    let response_type = ResponseType::parse(named).ok_or(unsupported.clone())?;
    if response_type.has_code() && !client.may_use(GrantType::AuthorizationCode) {
        return Err(refuse(Code::UnauthorizedClient, "the client may not use authorization_code"));
    }
    let registered = client.metadata.response_types.contains(&response_type);
    if registered { Ok(response_type) } else { Err(unsupported) }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// RFC 7636 section 4.2: a SHA-256 in base64url.
fn check_challenge(params: &Params) -> Result<(), OAuthError> {
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (Some(challenge), Some("S256")) if !is_sha256(challenge) => {
            Err(refuse(Code::InvalidRequest, "code_challenge is not a SHA-256 in base64url"))
        }
        (Some(_), method) if method != Some("S256") => {
            Err(refuse(Code::InvalidRequest, "code_challenge_method must be S256"))
        }
        (None, Some(_)) => Err(refuse(Code::InvalidRequest, "code_challenge is missing")),
        _ => Ok(()),
    }
}

/// RFC 9449 section 10: a JWK's SHA-256 thumbprint.
fn read_thumbprint(params: &Params) -> Result<Option<String>, OAuthError> {
    match params.get("dpop_jkt") {
        Some(thumbprint) if !is_sha256(thumbprint) => {
            Err(refuse(Code::InvalidRequest, "dpop_jkt is not a SHA-256 in base64url"))
        }
        thumbprint => Ok(thumbprint.map(str::to_owned)),
    }
}

/// RFC 8707 section 2.
fn read_resources(app: &App, client: &Client, params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut resources = Vec::new();
    for uri in params.all("resource") {
        if app.config.protocol.resource(uri, &client.id).is_none() {
            return Err(refuse(Code::InvalidTarget, "the resource is unknown, or not for this client"));
        }
        if !resources.iter().any(|known| known == uri) {
            resources.push(uri.to_owned());
        }
    }
    Ok(resources)
}

/// Unknown scopes are ignored (Core section 3.1.2.1); known ones that the client may not have are refused.
fn negotiate(
    client: &Client,
    response_type: ResponseType,
    prompt: Prompt,
    asked: Option<&str>,
) -> Result<String, OAuthError> {
    let mut granted: Vec<&str> = Vec::new();
    for name in asked.unwrap_or_default().split(' ') {
        let Some(scope) = scopes::find(name) else { continue };
        if scope.name == "offline_access" {
            // Core section 11: only with a code, and with consent or from a portal of the same authority.
            let agreed = response_type.has_code() && (prompt.consent || client.metadata.first_party);
            if !agreed || !client.may_use(GrantType::RefreshToken) || !client.may_ask_for(name) {
                continue;
            }
        } else if !client.may_ask_for(name) {
            return Err(refuse(Code::InvalidScope, "the client may not ask for one of these scopes"));
        }
        if !granted.contains(&scope.name) {
            granted.push(scope.name);
        }
    }
    if !granted.contains(&"openid") {
        return Err(refuse(Code::InvalidScope, "the scope must contain openid"));
    }
    Ok(granted.join(" "))
}
