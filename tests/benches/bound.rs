//! The flow of FAPI 2.0: a pushed request, `private_key_jwt` twice, a DPoP-bound token. Its two ES256 keys sign once per
//! request, as a portal's would; that is not the server's time.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::alg::ecdsa::EcdsaJwsSigner;
use josekit::jws::{ES256, JwsSigner};
use reqwest::header::{COOKIE, LOCATION};
use serde_json::{Value, json};

use super::{Bench, VERIFIER, challenge, text};

pub struct Client {
    assertions: Jwk,
    proofs: Value,
    assertion_signer: EcdsaJwsSigner,
    proof_signer: EcdsaJwsSigner,
}

impl Client {
    pub fn new() -> Result<Self> {
        let (assertions, proofs) =
            (Jwk::generate_ec_key(EcCurve::P256)?, Jwk::generate_ec_key(EcCurve::P256)?);
        Ok(Self {
            assertion_signer: ES256.signer_from_jwk(&assertions)?,
            proof_signer: ES256.signer_from_jwk(&proofs)?,
            assertions: assertions.to_public_key()?,
            proofs: Value::Object(proofs.to_public_key()?.as_ref().clone()),
        })
    }

    pub fn metadata(&self, redirect_uri: &str) -> Result<Value> {
        Ok(json!({
            "client_name": "测量", "redirect_uris": [redirect_uri], "first_party": true,
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [self.assertions.as_ref()]},
            "grant_types": ["authorization_code"], "scope": "openid profile legal_entity",
            "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true,
            // FAPI 2.0 section 5.4 has no RS256.
            "id_token_signed_response_alg": "ES256",
        }))
    }

    /// par → authorize → token.
    pub async fn sign_on(&self, bench: &Bench) -> Result<()> {
        let challenge = challenge();
        let pushed = self
            .post(
                bench,
                "/par",
                201,
                &[
                    ("redirect_uri", super::CALLBACK),
                    ("response_type", "code"),
                    ("scope", "openid profile legal_entity"),
                    ("state", "af0ifjsldkj"),
                    ("nonce", "n-0S6_WzA2Mj"),
                    ("code_challenge", &challenge),
                    ("code_challenge_method", "S256"),
                ],
            )
            .await?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", "bound"), ("request_uri", &text(&pushed, "request_uri")?)])
            .finish();
        let request = bench.http.get(format!("{}/authorize?{query}", bench.base));
        let response = request.header(COOKIE, &bench.cookies).send().await?;
        let location = response.headers().get(LOCATION).context("no redirect")?.to_str()?;
        let url = url::Url::parse(location)?;
        let code = url.query_pairs().find(|(name, _)| name == "code").context("no code")?.1.into_owned();
        let tokens = self
            .post(
                bench,
                "/token",
                200,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", super::CALLBACK),
                    ("code_verifier", VERIFIER),
                ],
            )
            .await?;
        ensure!(tokens["token_type"] == "DPoP", "{tokens}");
        Ok(())
    }

    /// A request with an assertion and a proof of its own.
    async fn post(&self, bench: &Bench, path: &str, status: u16, params: &[(&str, &str)]) -> Result<Value> {
        let now = idp::platform::clock::Clock::default().now().seconds();
        let jti =
            || -> Result<String> { Ok(format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?)) };
        let assertion = json!({
            "iss": "bound", "sub": "bound", "aud": bench.base, "iat": now, "exp": now + 60, "jti": jti()?,
        });
        let assertion = sign(&self.assertion_signer, &json!({"alg": "ES256", "typ": "JWT"}), &assertion)?;
        let url = format!("{}{path}", bench.base);
        let proof = json!({"htm": "POST", "htu": url, "iat": now, "jti": jti()?});
        let header = json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": self.proofs});
        let mut form = params.to_vec();
        form.push(("client_assertion", &assertion));
        form.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        let request = bench.http.post(&url).header("dpop", sign(&self.proof_signer, &header, &proof)?);
        let response = request.form(&form).send().await?;
        let (told, body) = (response.status(), response.bytes().await?);
        ensure!(told == status, "{path}: {told} {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }
}

fn sign(signer: &EcdsaJwsSigner, header: &Value, claims: &Value) -> Result<String> {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signer.sign(signed.as_bytes())?)))
}
