//! Tokens made by another library than the one that checks them.

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, HS256, JwsHeader, serialize_compact};
use serde_json::json;

use super::*;

const NOW: i64 = 1_760_000_000;

struct Provider {
    jwk: Jwk,
    keys: Vec<CoreJsonWebKey>,
}

impl Provider {
    fn new(kid: &str) -> Self {
        let mut jwk = Jwk::generate_ec_key(EcCurve::P256).expect("key");
        jwk.set_key_id(kid);
        let mut public = jwk.to_public_key().expect("public key");
        public.set_key_id(kid); // josekit leaves it behind
        Self { keys: vec![serde_json::from_str(&public.to_string()).expect("jwk")], jwk }
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as("logout+jwt", claims)
    }

    fn sign_as(&self, typ: &str, claims: &Value) -> String {
        let mut header = JwsHeader::new();
        header.set_token_type(typ);
        header.set_key_id(self.jwk.key_id().expect("kid"));
        let signer = ES256.signer_from_jwk(&self.jwk).expect("signer");
        serialize_compact(claims.to_string().as_bytes(), &header, &signer).expect("token")
    }

    fn check(&self, token: &str) -> Result<Ended, Refusal> {
        check(
            token,
            &Expected {
                issuer: "https://idp.example",
                client_id: "hall",
                keys: &self.keys,
                algorithms: &[CoreJwsSigningAlgorithm::EcdsaP256Sha256, CoreJwsSigningAlgorithm::HmacSha256],
                now: NOW,
            },
        )
    }

    fn refusal(&self, change: impl FnOnce(&mut Value)) -> Refusal {
        let mut claims = good();
        change(&mut claims);
        self.check(&self.sign(&claims)).expect_err("must be refused")
    }
}

fn good() -> Value {
    json!({
        "iss": "https://idp.example", "aud": "hall", "iat": NOW - 1, "exp": NOW + 120, "jti": "1",
        "sub": "s", "sid": "one", "events": { EVENT: {} },
    })
}

#[test]
fn believes_a_good_token() {
    let provider = Provider::new("a");
    let ended = Ended { subject: Some("s".into()), session: Some("one".into()) };
    assert_eq!(provider.check(&provider.sign(&good())), Ok(ended));

    let mut only_sid = good();
    only_sid.as_object_mut().expect("object").remove("sub");
    only_sid["aud"] = json!(["other", "hall"]);
    let token = provider.sign_as("JWT", &only_sid);
    assert_eq!(provider.check(&token), Ok(Ended { subject: None, session: Some("one".into()) }));
}

#[test]
fn refuses_what_does_not_fit() {
    let provider = Provider::new("a");
    assert_eq!(provider.refusal(|c| c["iss"] = json!("https://evil.example")), Refusal::Issuer);
    assert_eq!(provider.refusal(|c| c["aud"] = json!("jishiban")), Refusal::Audience);
    assert_eq!(provider.refusal(|c| c["exp"] = json!(NOW)), Refusal::Expired);
    assert_eq!(provider.refusal(|c| c["events"] = json!({})), Refusal::NotLogout);
    assert_eq!(provider.refusal(|c| c["events"] = json!({ EVENT: "yes" })), Refusal::NotLogout);
    assert_eq!(provider.refusal(|c| c["nonce"] = json!("n")), Refusal::NotLogout);
    assert_eq!(provider.refusal(|c| c["iat"] = json!("yesterday")), Refusal::Malformed);
    let nobody =
        |c: &mut Value| c.as_object_mut().expect("object").retain(|key, _| key != "sub" && key != "sid");
    assert_eq!(provider.refusal(nobody), Refusal::Nobody);
    let stale = |c: &mut Value| {
        c["iat"] = json!(NOW - OLDEST);
        c.as_object_mut().expect("object").remove("exp");
    };
    assert_eq!(provider.refusal(stale), Refusal::Expired);
}

#[test]
fn refuses_other_signatures() {
    let provider = Provider::new("a");
    assert_eq!(provider.check(&Provider::new("b").sign(&good())), Err(Refusal::UnknownKey));
    assert_eq!(provider.check(&Provider::new("a").sign(&good())), Err(Refusal::Signature));

    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(good().to_string())
    );
    assert_eq!(provider.check(&unsigned), Err(Refusal::Algorithm));

    // The public key, used as if it were a shared secret.
    let public = provider.jwk.to_public_key().expect("public key").to_string();
    let signer = HS256.signer_from_bytes(public.as_bytes()).expect("signer");
    let confused =
        serialize_compact(good().to_string().as_bytes(), &JwsHeader::new(), &signer).expect("token");
    assert_eq!(provider.check(&confused), Err(Refusal::Algorithm));

    assert_eq!(provider.check(&provider.sign_as("at+jwt", &good())), Err(Refusal::NotLogout));
    for nonsense in ["", ".", "..", "a.b.c", "a.b"] {
        assert_eq!(provider.check(nonsense), Err(Refusal::Malformed), "{nonsense:?}");
    }
}
