//! A portal: registers itself, sends visitors, redeems codes. Speaks raw HTTP, so that tests can bend every request.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use idp::domain::client::ClientMetadata;
use idp::oidc::registration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Agent, Reply, TestApp};

/// The verifier behind [`Portal::authorize_params`]' challenge.
pub const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-rfc7636";

pub struct Portal {
    pub id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
}

impl Portal {
    /// A confidential first-party portal with every scope and grant.
    pub async fn register(app: &TestApp, id: &str) -> Self {
        Self::register_with(app, id, json!({})).await
    }

    /// The same with some metadata replaced.
    pub async fn register_with(app: &TestApp, id: &str, changes: Value) -> Self {
        let redirect_uri = format!("https://{id}.example/callback");
        let mut metadata = json!({
            "client_name": format!("测试门户{id}"),
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [format!("https://{id}.example/")],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile phone legal_entity legal_representative operator id_document offline_access reports",
            "first_party": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        let redirect_uri = metadata.redirect_uris.first().cloned().unwrap_or_default();
        let secret = registration::register(&app.app, id, &metadata).await.unwrap();
        Self { id: id.to_owned(), secret, redirect_uri }
    }

    pub fn challenge() -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
    }

    /// A complete authorization request; later pairs replace earlier ones, an empty value removes.
    pub fn authorize_params(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let challenge = Self::challenge();
        let mut params = vec![
            ("client_id", self.id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid profile legal_entity operator"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(key, _)| key != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub fn authorize_path(&self, changes: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.authorize_params(changes))
            .finish();
        format!("/authorize?{query}")
    }

    /// Sends an agent that is signed in; gives the code.
    pub async fn code(&self, agent: &mut Agent, changes: &[(&str, &str)]) -> String {
        let reply = agent.get(&self.authorize_path(changes)).await;
        reply.query("code").unwrap_or_else(|| panic!("no code: {:?} {}", reply.location(), reply.text()))
    }

    /// A token request with the client's own authentication; `params` as given.
    pub async fn token(&self, agent: &mut Agent, params: &[(&str, &str)]) -> Reply {
        self.post(agent, "/token", params).await
    }

    /// A request to any endpoint that asks for client authentication.
    pub async fn post(&self, agent: &mut Agent, path: &str, params: &[(&str, &str)]) -> Reply {
        self.post_with(agent, path, params, &[]).await
    }

    /// The same with more headers.
    pub async fn post_with(
        &self,
        agent: &mut Agent,
        path: &str,
        params: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut params = params.to_vec();
        let mut request = agent.request(reqwest::Method::POST, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match &self.secret {
            Some(secret) => {
                let pair = STANDARD.encode(format!("{}:{secret}", self.id));
                request = request.header("authorization", format!("Basic {pair}"));
            }
            None => params.push(("client_id", &self.id)),
        }
        agent.stranger().send(request.form(&params)).await
    }

    /// Redeems a code as it should be.
    pub async fn redeem(&self, agent: &mut Agent, code: &str) -> Reply {
        self.redeem_with(agent, code, VERIFIER).await
    }

    pub async fn redeem_with(&self, agent: &mut Agent, code: &str, verifier: &str) -> Reply {
        let mut params =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &self.redirect_uri)];
        if !verifier.is_empty() {
            params.push(("code_verifier", verifier));
        }
        self.token(agent, &params).await
    }

    /// The whole flow for an agent that is signed in; gives the token response.
    pub async fn tokens(&self, agent: &mut Agent, changes: &[(&str, &str)]) -> Value {
        let code = self.code(agent, changes).await;
        let reply = self.redeem(agent, &code).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    pub async fn userinfo(&self, agent: &Agent, access_token: &str) -> Reply {
        let request = agent.request(reqwest::Method::GET, "/userinfo").bearer_auth(access_token);
        agent.stranger().send(request).await
    }
}

/// The claims of a JWT, unverified.
pub fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

pub fn jose_header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, at: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
