//! An authorization request, read and checked: everything that can be said of it before anyone looks at who is there.
//! Reads as the checklist of OpenID Connect Core section 3.1.2.1 and RFC 9700.

use serde::{Deserialize, Serialize};

use super::claims::ClaimsRequest;
use super::error::{Code, OAuthError};
use super::{oxide, scopes};
use crate::app::App;
use crate::domain::client::{Client, GrantType};
use crate::guard::id_token_hint;
use crate::web::params::Params;

/// A request that may be answered by redirect, as it is kept while its visitor signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub state: Option<String>,
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
}

impl AuthorizationRequest {
    /// The classes that the portal asked for: those that are essential, else those that it would like.
    pub fn wanted_classes(&self) -> Vec<String> {
        let essential = self.claims.as_ref().filter(|claims| claims.is_essential("acr"));
        let essential = essential.map(|claims| claims.wanted("acr")).filter(|wanted| !wanted.is_empty());
        essential.unwrap_or_else(|| self.acr_values.clone())
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
}

/// Where every answer goes, right or wrong.
#[derive(Debug, Clone)]
pub struct ReturnAddress {
    pub redirect_uri: String,
    pub state: Option<String>,
}

const fn refuse(code: Code, description: &'static str) -> OAuthError {
    OAuthError::new(code, description)
}

/// # Errors
/// What the portal is told by redirect.
pub fn read(app: &App, client: &Client, params: &Params) -> Result<AuthorizationRequest, OAuthError> {
    if params.repeated().is_some() {
        return Err(refuse(Code::InvalidRequest, "a parameter is repeated"));
    }
    refuse_unsupported(params)?;
    if params.get("response_type").is_none() {
        return Err(refuse(Code::InvalidRequest, "response_type is missing"));
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(refuse(Code::InvalidRequest, "response_mode must be query"));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(refuse(Code::UnauthorizedClient, "the client may not use authorization_code"));
    }
    let prompt = read_prompt(params.get("prompt").unwrap_or_default())?;
    check_challenge(params)?;
    let approved = oxide::authorize(params, client, |asked| negotiate(client, prompt, asked))?;
    let max_age = match params.get("max_age").map(str::parse) {
        Some(Err(_)) => return Err(refuse(Code::InvalidRequest, "max_age must be a number of seconds")),
        Some(Ok(seconds)) => Some(seconds),
        None => None,
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
    let text = |name| params.get(name).map(str::to_owned);
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: text("redirect_uri").unwrap_or_default(),
        state: text("state"),
        scope: approved.scope,
        nonce: text("nonce"),
        code_challenge: approved.code_challenge,
        prompt,
        max_age,
        hinted_sub,
        login_hint: text("login_hint").filter(|hint| hint.chars().count() <= 100),
        acr_values: text("acr_values")
            .map(|values| values.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
        claims,
        account_type: text("account_type"),
        acting_for: text("acting_for").filter(|unit| unit.len() <= 64),
    })
}

fn refuse_unsupported(params: &Params) -> Result<(), OAuthError> {
    if params.get("request").is_some() {
        return Err(refuse(Code::RequestNotSupported, "request objects are not supported"));
    }
    if params.get("request_uri").is_some() {
        return Err(refuse(Code::RequestUriNotSupported, "request_uri is not supported"));
    }
    if params.get("registration").is_some() {
        return Err(refuse(Code::RegistrationNotSupported, "registration is not supported"));
    }
    Ok(())
}

fn read_prompt(text: &str) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
    for value in &values {
        match *value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(refuse(Code::InvalidRequest, "prompt has an unknown value")),
        }
    }
    if prompt.none && values.len() > 1 {
        return Err(refuse(Code::InvalidRequest, "prompt=none can't be combined"));
    }
    Ok(prompt)
}

/// RFC 7636 section 4.2: a SHA-256 in base64url.
fn check_challenge(params: &Params) -> Result<(), OAuthError> {
    let is_sha256 = |challenge: &str| {
        challenge.len() == 43
            && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
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

/// Unknown scopes are ignored (Core section 3.1.2.1); known ones that the client may not have are refused.
fn negotiate(client: &Client, prompt: Prompt, asked: Option<&str>) -> Result<String, OAuthError> {
    let mut granted: Vec<&str> = Vec::new();
    for name in asked.unwrap_or_default().split(' ') {
        let Some(scope) = scopes::find(name) else { continue };
        if scope.name == "offline_access" {
            // Core section 11: only with consent, or from a portal of the same authority.
            let agreed = prompt.consent || client.metadata.first_party;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts() {
        assert!(read_prompt("login consent").is_ok_and(|prompt| prompt.login && prompt.consent));
        assert!(read_prompt("").is_ok_and(|prompt| !prompt.none));
        for wrong in ["none login", "nonsense", "create"] {
            assert_eq!(read_prompt(wrong).unwrap_err().code, Code::InvalidRequest, "{wrong}");
        }
    }
}
