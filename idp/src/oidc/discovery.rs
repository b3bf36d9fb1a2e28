//! What the provider can do, for machines: OpenID Connect Discovery 1.0, RFC 8414, and the keys (RFC 7517).
//! Everything listed comes from the tables that the endpoints use.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::response_mode::ResponseMode;
use super::{acr, claims, dpop, verified_claims};
use crate::app::App;
use crate::config::{Config, RegistrationMode};
use crate::domain::client::{AuthMethod, GrantType, ResponseType};
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};
use crate::domain::scopes;
use crate::domain::signing_alg::{AssertionAlg, SigningAlg};

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
    let grants: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
    let response_types: Vec<&str> =
        ResponseType::ALL.iter().map(|response_type| response_type.as_str()).collect();
    let details_types = &config.protocol.authorization_details_types;
    let details_types: Vec<&str> = details_types.iter().map(|known| known.r#type.as_str()).collect();
    let scopes: Vec<&str> = scopes::ALL.iter().map(|scope| scope.name).collect();
    let protocol = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"];
    let claims = protocol.into_iter().chain(claims::CLAIMS.iter().map(|(claim, _)| *claim));
    let mut claims: Vec<&str> = claims.chain([verified_claims::NAME]).collect();
    claims.dedup();
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "pushed_authorization_request_endpoint": at("/par"),
        "require_pushed_authorization_requests": config.protocol.require_pushed_authorization_requests,
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
        "authorization_signing_alg_values_supported": algs,
        "grant_types_supported": grants,
        "acr_values_supported": acr::LEVELS,
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": algs,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page", "popup"],
        "ui_locales_supported": ["zh-CN"],
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_signing_alg_values_supported": algs,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    });
    if !details_types.is_empty() {
        // RFC 8414 section 3.2: a list without elements is left out.
        document["authorization_details_types_supported"] = json!(details_types);
    }
    for (name, value) in back_channel(config) {
        document[name] = value;
    }
    if let (Some(document), Value::Object(assurance)) = (document.as_object_mut(), assurance()) {
        document.extend(assurance);
    }
    for (name, value) in answers().into_iter().chain(registration(config)) {
        document[name] = value;
    }
    if let Some(url) = &config.client_certificates.url {
        // RFC 8705 section 5: the same endpoints, where a certificate is asked for.
        let alias = |name: &str| {
            let path = document[name].as_str()?.strip_prefix(issuer)?;
            Some((name.to_owned(), json!(format!("{url}{path}"))))
        };
        let aliases = WITH_CERTIFICATE.iter().filter_map(|name| alias(name)).collect();
        document["mtls_endpoint_aliases"] = Value::Object(aliases);
    }
    document
}

/// Where a client proves who it is, or shows a token.
const WITH_CERTIFICATE: [&str; 6] = [
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "userinfo_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
];

/// How clients prove who they are, and what their tokens can be bound to.
fn back_channel(config: &Config) -> [(&'static str, Value); 10] {
    let certificates = &config.client_certificates;
    let methods = AuthMethod::ALL.into_iter().filter(|method| certificates.offers(*method));
    let methods: Vec<&str> = methods.map(AuthMethod::as_str).collect();
    let confidential: Vec<&str> = methods.iter().copied().filter(|method| *method != "none").collect();
    let algs: Vec<&str> = SigningAlg::ALL.iter().map(|alg| alg.as_str()).collect();
    let assertion_algs = AssertionAlg::ALL.map(AssertionAlg::as_str);
    [
        ("device_authorization_endpoint", json!(format!("{}/device_authorization", config.issuer))),
        ("token_endpoint_auth_methods_supported", json!(methods)),
        ("token_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("introspection_endpoint_auth_methods_supported", json!(confidential)),
        ("introspection_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("introspection_signing_alg_values_supported", json!(algs)),
        ("revocation_endpoint_auth_methods_supported", json!(methods)),
        ("revocation_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("dpop_signing_alg_values_supported", json!(dpop::ALGS)),
        ("tls_client_certificate_bound_access_tokens", json!(certificates.is_on())),
    ]
}

/// What clients may have signed and encrypted, and encrypt themselves.
fn answers() -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for name in ["id_token", "userinfo", "authorization", "request_object"] {
        let algs = KeyManagement::ALL.map(KeyManagement::as_str);
        answers.push((format!("{name}_encryption_alg_values_supported"), json!(algs)));
        let encs = ContentEncryption::ALL.map(ContentEncryption::as_str);
        answers.push((format!("{name}_encryption_enc_values_supported"), json!(encs)));
    }
    let algs = SigningAlg::ALL.map(SigningAlg::as_str);
    answers.push(("userinfo_signing_alg_values_supported".to_owned(), json!(algs)));
    answers
}

/// OpenID Connect for Identity Assurance section 8.
fn assurance() -> Value {
    let verifiable: Vec<&str> = verified_claims::CLAIMS.iter().map(|(claim, _)| *claim).collect();
    json!({
        "trust_frameworks_supported": [verified_claims::TRUST_FRAMEWORK],
        "evidence_supported": [verified_claims::EVIDENCE],
        "electronic_records_supported": verified_claims::RECORDS,
        "claims_in_verified_claims_supported": verifiable,
    })
}

fn registration(config: &Config) -> Option<(String, Value)> {
    let is_on = config.registration.mode != RegistrationMode::Off;
    is_on.then(|| ("registration_endpoint".to_owned(), json!(format!("{}/register", config.issuer))))
}
