//! The `openidconnect` crate, unmodified, as a portal in Rust would use it: everything of ours that it has a way to use.

use std::collections::HashMap;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreClientRegistrationRequest, CoreDeviceAuthorizationResponse, CoreGrantType, CoreIdToken,
    CoreIdTokenClaims, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::registration::EmptyAdditionalClientMetadata;
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthenticationFlow,
    AuthorizationCode, AuthorizationCodeHash, ClientId, ClientName, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, EndSessionUrl, IntrospectionUrl, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl,
    RefreshToken, RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use super::libraries::{initial_token, signed_in};
use super::{allow, tls_front};
use crate::support::site::certificate;
use crate::support::{Agent, Portal, TestApp};

/// What the crate leaves to its user to read from discovery.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Endpoints {
    device_authorization_endpoint: DeviceAuthorizationUrl,
    end_session_endpoint: EndSessionUrl,
    introspection_endpoint: IntrospectionUrl,
}

impl AdditionalProviderMetadata for Endpoints {}

type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

fn http() -> openidconnect::reqwest::Client {
    let authority = std::fs::read(certificate().0).unwrap();
    let authority = openidconnect::reqwest::Certificate::from_pem(&authority).unwrap();
    let builder = openidconnect::reqwest::ClientBuilder::new().add_root_certificate(authority);
    builder.redirect(openidconnect::reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

async fn discovered(app: &TestApp) -> Metadata {
    Metadata::discover_async(IssuerUrl::new(app.base.clone()).unwrap(), &http()).await.unwrap()
}

/// Core section 12.2: no nonce in what a refresh brings, nor where no browser asked.
fn no_nonce(nonce: Option<&Nonce>) -> Result<(), String> {
    nonce.map_or(Ok(()), |_| Err("a nonce".to_owned()))
}

on_both! {
    async fn a_visitor_comes_and_goes(app: TestApp) {
        // The crate revokes at https only, as RFC 7009 section 2 asks of it.
        let over_tls = RevocationUrl::new(format!("{}/revoke", tls_front(&app).await)).unwrap();
        for (id, alg, method, by) in [
            ("hall", "ES256", "client_secret_basic", AuthType::BasicAuth),
            ("old", "RS256", "client_secret_post", AuthType::RequestBody),
            ("new", "PS256", "client_secret_basic", AuthType::BasicAuth),
        ] {
            let changes = json!({"id_token_signed_response_alg": alg, "token_endpoint_auth_method": method});
            let portal = Portal::register_with(&app, id, changes).await;
            let http = http();
            let metadata = discovered(&app).await;
            let endpoints = metadata.additional_metadata().clone();
            let client = CoreClient::from_provider_metadata(
                metadata,
                ClientId::new(portal.id.clone()),
                portal.secret.clone().map(ClientSecret::new),
            )
            .set_auth_type(by)
            .set_redirect_uri(RedirectUrl::new(portal.redirect_uri.clone()).unwrap())
            .set_introspection_url(endpoints.introspection_endpoint)
            .set_revocation_url(over_tls.clone());
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            let (url, state, nonce) = client
                .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
                .add_scope(Scope::new("profile".to_owned()))
                .add_scope(Scope::new("phone".to_owned()))
                .add_scope(Scope::new("offline_access".to_owned()))
                .set_pkce_challenge(challenge)
                .url();
            let mut agent = signed_in(&app).await;
            let reply = agent.get(url.as_str()).await;
            assert_eq!(reply.query("state").as_ref(), Some(state.secret()));
            let code = AuthorizationCode::new(reply.query("code").unwrap());
            let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
            let tokens = request.request_async(&http).await.unwrap();
            let verifier = client.id_token_verifier();
            let id_token = tokens.id_token().unwrap();
            let claims = id_token.claims(&verifier, &nonce).unwrap();
            let hash = AccessTokenHash::from_token(
                tokens.access_token(),
                id_token.signing_alg().unwrap(),
                id_token.signing_key(&verifier).unwrap(),
            );
            assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
            let subject = Some(claims.subject().clone());
            let request = client.user_info(tokens.access_token().clone(), subject).unwrap();
            let userinfo: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
            assert_eq!(userinfo.name().unwrap().get(None).unwrap().as_str(), "李颖");
            assert_eq!(userinfo.phone_number().unwrap().as_str(), "+8619400000003");
            let refresh = RefreshToken::new(tokens.refresh_token().unwrap().secret().clone());
            let request = client.exchange_refresh_token(&refresh).unwrap();
            let again = request.request_async(&http).await.unwrap();
            let refreshed = again.id_token().unwrap().claims(&verifier, no_nonce).unwrap();
            assert_eq!(refreshed.subject(), claims.subject());
            let told = client.introspect(again.access_token()).request_async(&http).await.unwrap();
            assert!(told.active() && told.scopes().is_some_and(|scopes| scopes.len() == 4), "{told:?}");
            assert_eq!(told.client_id().map(|id| id.as_str()), Some(id));
            let revocation = client.revoke_token(refresh.into()).unwrap();
            revocation.request_async(&http).await.unwrap();
            let told = client.introspect(again.access_token()).request_async(&http).await.unwrap();
            assert!(!told.active());
            let request = client.exchange_client_credentials().unwrap().add_scope(Scope::new("reports".to_owned()));
            let own = request.request_async(&http).await.unwrap();
            assert!(own.refresh_token().is_none() && own.scopes().is_some_and(|scopes| scopes.len() == 1));
            goes(&app, &portal, &mut agent, endpoints.end_session_endpoint, id_token).await;
        }
    }
}

/// RP-initiated logout.
async fn goes(app: &TestApp, portal: &Portal, agent: &mut Agent, at: EndSessionUrl, id_token: &CoreIdToken) {
    let out = format!("https://{}.example/", portal.id);
    let url = LogoutRequest::from(at)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(out.clone()).unwrap())
        .set_state(CsrfToken::new("bye".to_owned()))
        .http_get_url();
    assert!(url.as_str().starts_with(&app.base));
    let reply = agent.get(url.as_str()).await;
    assert_eq!(reply.location(), Some(format!("{out}?state=bye")), "{}", reply.text());
    assert!(agent.get("/account").await.status.is_redirection(), "signed out");
}

/// The visitor goes to the provider and comes back with this in the fragment.
async fn fragment(app: &TestApp, url: &url::Url) -> HashMap<String, String> {
    let location = signed_in(app).await.get(url.as_str()).await.location().unwrap();
    let (_, fragment) = location.split_once('#').expect("a fragment");
    url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect()
}

on_both! {
    async fn an_id_token_comes_by_the_browser(app: TestApp) {
        let types = json!({"response_types": ["code id_token", "id_token"]});
        let portal = Portal::register_with(&app, "hybrid", types).await;
        let http = http();
        let secret = portal.secret.clone().map(ClientSecret::new);
        let client =
            CoreClient::from_provider_metadata(discovered(&app).await, ClientId::new(portal.id.clone()), secret)
                .set_redirect_uri(RedirectUrl::new(portal.redirect_uri.clone()).unwrap());
        let verifier = client.id_token_verifier();
        let asked = |flow| {
            let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
            request.add_scope(Scope::new("profile".to_owned()))
        };
        let (url, _, nonce) = asked(AuthenticationFlow::Implicit(false)).url();
        let alone: CoreIdToken = fragment(&app, &url).await["id_token"].parse().unwrap();
        let alone = alone.claims(&verifier, &nonce).unwrap();
        // Core section 5.4: where no access token comes with it, what the scopes name is in it.
        assert_eq!(alone.name().unwrap().get(None).unwrap().as_str(), "李颖");
        let (challenge, pkce) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::Hybrid(vec![CoreResponseType::Code, CoreResponseType::IdToken]);
        let (url, _, nonce) = asked(flow).set_pkce_challenge(challenge).url();
        let told = fragment(&app, &url).await;
        let code = AuthorizationCode::new(told["code"].clone());
        let first: CoreIdToken = told["id_token"].parse().unwrap();
        let claims = first.claims(&verifier, &nonce).unwrap();
        let (alg, key) = (first.signing_alg().unwrap(), first.signing_key(&verifier).unwrap());
        let hash = AuthorizationCodeHash::from_code(&code, alg, key).unwrap();
        assert_eq!(claims.code_hash(), Some(&hash));
        let request = client.exchange_code(code).unwrap().set_pkce_verifier(pkce);
        let tokens = request.request_async(&http).await.unwrap();
        let second = tokens.id_token().unwrap().claims(&verifier, &nonce).unwrap();
        assert!(second.subject() == claims.subject() && second.subject() == alone.subject());
    }
}

on_both! {
    // A client that registers itself; its visitor is asked, since nobody knows it.
    async fn it_registers_itself(app: TestApp) {
        let http = http();
        let token = initial_token(&app).await;
        let metadata = discovered(&app).await;
        let redirect = RedirectUrl::new("https://new.example/callback".to_owned()).unwrap();
        let request = CoreClientRegistrationRequest::new(vec![redirect.clone()], EmptyAdditionalClientMetadata {})
            .set_client_name(Some(std::iter::once((None, ClientName::new("自行注册的门户".to_owned()))).collect()))
            .set_initial_access_token(Some(AccessToken::new(token)));
        let told = request.register_async(metadata.registration_endpoint().unwrap(), &http).await.unwrap();
        assert!(told.registration_access_token().is_some() && told.registration_client_uri().is_some());
        let client =
            CoreClient::from_provider_metadata(metadata, told.client_id().clone(), told.client_secret().cloned())
                .set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, _, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .url();
        let mut agent = signed_in(&app).await;
        let asked = agent.get(url.as_str()).await;
        let page = agent.follow(asked).await;
        let reply = allow(&mut agent, &page).await;
        let code = AuthorizationCode::new(reply.query("code").unwrap_or_else(|| panic!("{}", reply.text())));
        let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        let tokens = request.request_async(&http).await.unwrap();
        let claims = tokens.id_token().unwrap().claims(&client.id_token_verifier(), &nonce).unwrap();
        assert_eq!(claims.audiences()[0].as_str(), told.client_id().as_str());
    }
}

on_both! {
    // RFC 8628: the crate polls, and while it waits somebody allows it.
    async fn a_terminal_signs_in(app: TestApp) {
        let changes = json!({
            "token_endpoint_auth_method": "none", "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
            "redirect_uris": [], "first_party": true,
        });
        let portal = Portal::register_with(&app, "terminal", changes).await;
        let http = http();
        let metadata = discovered(&app).await;
        let at = metadata.additional_metadata().device_authorization_endpoint.clone();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(portal.id.clone()), None)
            .set_device_authorization_url(at);
        let request = client.exchange_device_code().add_scope(Scope::new("profile".to_owned()));
        let begun: CoreDeviceAuthorizationResponse = request.request_async(&http).await.unwrap();
        let visitor = Mutex::new(Some(signed_in(&app).await));
        let wait = |interval: Duration| {
            let (app, visitor, user_code) = (&app, &visitor, begun.user_code().secret());
            async move {
                app.advance_seconds(u32::try_from(interval.as_secs()).unwrap());
                if let Some(mut visitor) = visitor.lock().await.take() {
                    let reply = visitor.post("/device", &[("user_code", user_code)]).await;
                    let page = visitor.follow(reply).await;
                    assert_eq!(allow(&mut visitor, &page).await.status, 200);
                }
            }
        };
        let request = client.exchange_device_access_token(&begun).unwrap();
        let tokens = request.request_async(&http, wait, Some(Duration::from_secs(60))).await.unwrap();
        assert!(visitor.lock().await.is_none(), "it had to wait");
        let claims: &CoreIdTokenClaims =
            tokens.id_token().unwrap().claims(&client.id_token_verifier(), no_nonce).unwrap();
        let request = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap();
        let userinfo: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
        assert_eq!(userinfo.name().unwrap().get(None).unwrap().as_str(), "李颖");
    }
}
