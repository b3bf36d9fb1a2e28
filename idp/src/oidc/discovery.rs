//! What the provider can do, for machines: OpenID Connect Discovery 1.0, RFC 8414, and the keys (RFC 7517).
//! Everything listed comes from the tables that the endpoints use.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::response_mode::ResponseMode;
use super::{acr, claims, scopes};
use crate::app::App;
use crate::config::{Config, RegistrationMode};
use crate::domain::client::{AuthMethod, GrantType, ResponseType};
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};
use crate::domain::signing_alg::SigningAlg;

/// GET `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub async fn metadata(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, app.discovery.clone()).into_response()
}

/// GET `/jwks.json`.
pub async fn jwks(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        // Shorter than keys.publish_ahead_seconds, so that nobody meets a signature before its key.
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, app.keys.jwks(app.clock.now())).into_response()
}

/// The metadata document.
pub fn document(config: &Config) -> Value {
    let issuer = &config.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let algs: Vec<&str> = SigningAlg::ALL.iter().map(|alg| alg.as_str()).collect();
    let methods: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
    let confidential: Vec<&str> = methods.iter().copied().filter(|method| *method != "none").collect();
    let grants: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
    let scopes: Vec<&str> = scopes::ALL.iter().map(|scope| scope.name).collect();
    let protocol = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"];
    let claims: Vec<&str> =
        protocol.into_iter().chain(claims::CLAIMS.iter().map(|(claim, _)| *claim)).collect();
    let response_types = ResponseType::ALL.map(ResponseType::as_str);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks.json"),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/sign-out"),
        "scopes_supported": scopes,
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "response_types_supported": response_types,
        "response_modes_supported": ResponseMode::NAMES,
        "grant_types_supported": grants,
        "acr_values_supported": acr::LEVELS,
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page", "popup"],
        "ui_locales_supported": ["zh-CN"],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    });
    for part in [requests(config), encryption(), registration(config)] {
        if let (Some(document), Value::Object(part)) = (document.as_object_mut(), part) {
            document.extend(part);
        }
    }
    document
}

/// How a request may be brought: pushed (RFC 9126), signed (RFC 9101); JARM for its answer.
fn requests(config: &Config) -> Value {
    let types = &config.protocol.authorization_details_types;
    let types: Vec<&str> = types.iter().map(|known| known.r#type.as_str()).collect();
    let algs = SigningAlg::ALL.map(SigningAlg::as_str);
    let mut requests = json!({
        "pushed_authorization_request_endpoint": format!("{}/par", config.issuer),
        "require_pushed_authorization_requests": config.protocol.require_pushed_authorization_requests,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_signing_alg_values_supported": algs,
        "authorization_signing_alg_values_supported": algs,
    });
    if !types.is_empty() {
        requests["authorization_details_types_supported"] = json!(types);
    }
    requests
}

/// What clients may have signed and encrypted.
fn encryption() -> Value {
    let mut document = Map::new();
    for name in ["id_token", "userinfo", "authorization"] {
        let algs = KeyManagement::ALL.map(KeyManagement::as_str);
        document.insert(format!("{name}_encryption_alg_values_supported"), json!(algs));
        let encs = ContentEncryption::ALL.map(ContentEncryption::as_str);
        document.insert(format!("{name}_encryption_enc_values_supported"), json!(encs));
    }
    let algs = SigningAlg::ALL.map(SigningAlg::as_str);
    document.insert("userinfo_signing_alg_values_supported".to_owned(), json!(algs));
    Value::Object(document)
}

fn registration(config: &Config) -> Value {
    match config.registration.mode {
        RegistrationMode::Off => json!({}),
        RegistrationMode::Token | RegistrationMode::Open => {
            json!({ "registration_endpoint": format!("{}/register", config.issuer) })
        }
    }
}
