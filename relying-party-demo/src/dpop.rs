//! DPoP (RFC 9449): the app has a key that never leaves it, and each request carries a proof of it. Its tokens are
//! good for nobody else.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use idp::platform::clock::Clock;
use idp::platform::random;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::ES256;
use josekit::jws::alg::ecdsa::EcdsaJwsSigner;
use openidconnect::{AsyncHttpClient, HttpClientError, HttpRequest, HttpResponse};
use serde_json::{Value, json};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// One sign-in's key. A native app keeps it in the telephone's key store.
pub struct ProofKey {
    signer: EcdsaJwsSigner,
    public: Jwk,
    clock: Clock,
    /// What the provider wants in the next proofs (section 8).
    nonce: Mutex<Option<String>>,
}

/// The key stays out of logs.
impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

type SendError = HttpClientError<reqwest::Error>;

/// Sends requests to the provider, with proofs if there is a key.
pub struct Sender {
    http: reqwest::Client,
    key: Option<Arc<ProofKey>>,
}

impl Sender {
    pub fn new(http: &reqwest::Client, key: Option<&Arc<ProofKey>>) -> Self {
        Self { http: http.clone(), key: key.cloned() }
    }

    /// Sends a request; once more, if the provider wants its nonce in the proof.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let Some(key) = &self.key else { return self.execute(request).await };
        let used = key.nonce();
        let answer = self.execute(key.prove(request.clone())?).await?;
        let is_refused = matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        key.learn_nonce(answer.headers());
        // Another request may have learnt it meanwhile: what counts is what this one was proved with.
        if is_refused && key.nonce() != used {
            return self.execute(key.prove(request)?).await;
        }
        Ok(answer)
    }

    async fn execute(&self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let request = reqwest::Request::try_from(request).map_err(Box::new)?;
        let answer = self.http.execute(request).await.map_err(Box::new)?;
        let mut response = HttpResponse::default();
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = answer.bytes().await.map_err(Box::new)?.to_vec();
        Ok(response)
    }
}

/// As which the crate knows it.
impl<'c> AsyncHttpClient<'c> for Sender {
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SendError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl ProofKey {
    /// # Errors
    /// When no key can be made.
    pub fn new() -> anyhow::Result<Self> {
        let pair = Jwk::generate_ec_key(EcCurve::P256)?;
        Ok(Self {
            signer: ES256.signer_from_jwk(&pair)?,
            public: pair.to_public_key()?,
            clock: Clock::default(),
            nonce: Mutex::default(),
        })
    }

    /// The request with a proof; an access token in it is said to be bound to the key.
    fn prove(&self, mut request: HttpRequest) -> Result<HttpRequest, SendError> {
        let place = request.uri().to_string();
        let mut claims = json!({
            "jti": random::token(),
            "htm": request.method().as_str(),
            "htu": place.split('?').next(),
            "iat": self.clock.now().seconds(),
        });
        if let Some(nonce) = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            claims["nonce"] = json!(nonce);
        }
        let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(token) = shown.and_then(|shown| shown.strip_prefix("Bearer ")) {
            claims["ath"] = json!(random::base64url(&random::hash(token)));
            let bound = header_value(format!("DPoP {token}"))?;
            request.headers_mut().insert(AUTHORIZATION, bound);
        }
        let proof = self.sign(&claims).map_err(|error| HttpClientError::Other(error.to_string()))?;
        request.headers_mut().insert(PROOF, header_value(proof)?);
        Ok(request)
    }

    fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let mut header = josekit::jws::JwsHeader::new();
        header.set_token_type("dpop+jwt");
        header.set_claim("jwk", Some(Value::Object(self.public.as_ref().clone())))?;
        Ok(josekit::jws::serialize_compact(claims.to_string().as_bytes(), &header, &self.signer)?)
    }

    fn nonce(&self) -> Option<String> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers the nonce that an answer brings.
    fn learn_nonce(&self, headers: &HeaderMap) {
        let told = headers.get(NONCE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if told.is_some() {
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = told;
        }
    }
}

fn header_value(text: String) -> Result<HeaderValue, SendError> {
    HeaderValue::try_from(text).map_err(|error| HttpClientError::Other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use openidconnect::http::Method;

    use super::*;

    fn claims(request: &HttpRequest) -> Value {
        let proof = request.headers()[PROOF].to_str().unwrap();
        let header = josekit::jwt::decode_header(proof).unwrap();
        assert_eq!(header.claim("typ"), Some(&json!("dpop+jwt")));
        let public = header.claim("jwk").and_then(Value::as_object).unwrap().clone();
        assert!(public.get("d").is_none(), "the private part stays here");
        let verifier = ES256.verifier_from_jwk(&Jwk::from_map(public).unwrap()).unwrap();
        let (payload, _) = josekit::jwt::decode_with_verifier(proof, &verifier).unwrap();
        Value::Object(payload.claims_set().clone())
    }

    fn request(url: &str) -> HttpRequest {
        Request::builder().method(Method::POST).uri(url).body(Vec::new()).unwrap()
    }

    #[test]
    fn a_proof_is_for_one_request_and_one_token() {
        let key = ProofKey::new().unwrap();
        let first = claims(&key.prove(request("https://id.example/token?a=b")).unwrap());
        assert_eq!((&first["htm"], &first["htu"]), (&json!("POST"), &json!("https://id.example/token")));
        assert!(first.get("ath").is_none() && first.get("nonce").is_none());
        let mut shows = request("https://id.example/userinfo");
        shows.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
        let proved = key.prove(shows).unwrap();
        assert_eq!(proved.headers()[AUTHORIZATION], "DPoP abc");
        let second = claims(&proved);
        assert_eq!(second["ath"], "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_ne!(first["jti"], second["jti"]);
    }

    #[test]
    fn a_nonce_is_kept_for_the_next_proofs() {
        let key = ProofKey::new().unwrap();
        let mut headers = HeaderMap::new();
        key.learn_nonce(&headers);
        assert_eq!(key.nonce(), None);
        headers.insert(NONCE, HeaderValue::from_static("n1"));
        key.learn_nonce(&headers);
        assert_eq!(key.nonce().as_deref(), Some("n1"));
        assert_eq!(claims(&key.prove(request("https://id.example/token")).unwrap())["nonce"], "n1");
    }
}
