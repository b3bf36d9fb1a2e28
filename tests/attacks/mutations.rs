//! Requests as they should be, mutated byte by byte: whatever comes, the answer is an answer. Every parser of outside bytes
//! is behind one of these seeds. Bounded: `FUZZ_SECONDS` (4) a database, from a seed that a failure names and `FUZZ_SEED`
//! repeats. Blind, but over connections and on both databases; tests/fuzz/ sees what it does, and has SQLite only. See
//! idp/docs/decisions/0029.

use std::time::{Duration, Instant};

use idp::config::RegistrationMode;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

use crate::support::{Agent, Portal};

/// SplitMix64: enough to choose by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }
}

/// What parsers stumble over.
const STUMBLES: [&[u8]; 24] = [
    b"%00",
    b"%ff",
    b"\xff",
    b"%",
    b"&",
    b"=",
    b"&&",
    b"+",
    b".",
    b"..",
    b"{",
    b"}",
    b"[",
    b"\"",
    b"\\u0000",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    "\u{202e}法".as_bytes(),
    b":",
    b" ",
    b"eyJhbGciOiJub25lIn0",
    b"[[[[[[[[",
];

fn mutate(dice: &mut Dice, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + 1 + dice.roll(12)).min(bytes.len());
        match dice.roll(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < end => drop(bytes.drain(at..end)),
            2 if at < end => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.truncate(at),
            4 if at < end => {
                let times = dice.roll(2000);
                let again = bytes[at..=at].repeat(times);
                bytes.splice(at..at, again);
            }
            _ => {
                let stumble = STUMBLES[dice.roll(STUMBLES.len())];
                bytes.splice(at..at, stumble.iter().copied());
            }
        }
    }
    bytes
}

/// Where the mutated bytes stand.
enum Place {
    Query,
    Body(&'static str),
    Header(&'static str),
}

struct Seed {
    method: Method,
    path: &'static str,
    place: Place,
    bytes: Vec<u8>,
}

fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

const FORM: &str = "application/x-www-form-urlencoded";

/// One of each kind, of a portal and its visitor.
fn seeds(portal: &Portal, id_token: &str, access_token: &str) -> Vec<Seed> {
    let secret = portal.secret.as_deref().unwrap();
    let claims = json!({ "userinfo": { "name": { "essential": true }, "verified_claims": {
        "verification": { "trust_framework": { "value": "x" }, "time": { "max_age": 1 } }, "claims": { "name": null },
    } }, "id_token": { "acr": { "values": ["urn:jl-uia:loa:1"] } } });
    let details = json!([{ "type": "x", "actions": ["read"] }]).to_string();
    let wanted = portal.authorize_params(&[
        ("claims", &claims.to_string()),
        ("max_age", "100"),
        ("acr_values", "a b"),
        ("prompt", "login consent"),
        ("id_token_hint", id_token),
        ("resource", "https://api.example/"),
        ("authorization_details", &details),
        ("response_mode", "form_post.jwt"),
        ("dpop_jkt", "x"),
    ]);
    let pairs: Vec<(&str, &str)> =
        wanted.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let credentials = [("client_id", portal.id.as_str()), ("client_secret", secret)];
    let with = |more: &[(&str, &str)]| form(&[&credentials[..], more].concat());
    let request = [("client_id", portal.id.as_str()), ("request", id_token), ("response_type", "code")];
    let assertion = [
        ("grant_type", "client_credentials"),
        ("client_assertion", id_token),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", access_token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let metadata = json!({
        "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code"], "client_name": "x",
        "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k", "use": "enc" }] },
        "default_max_age": 1, "request_uris": ["https://a.example/r#x"], "logo_uri": "https://a.example/l",
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM",
    });
    let post = |path, bytes| Seed { method: Method::POST, path, place: Place::Body(FORM), bytes };
    let header = |path, name, value: String| Seed {
        method: Method::POST,
        path,
        place: Place::Header(name),
        bytes: value.into_bytes(),
    };
    vec![
        Seed { method: Method::GET, path: "/authorize", place: Place::Query, bytes: form(&pairs) },
        Seed { method: Method::GET, path: "/authorize", place: Place::Query, bytes: form(&request) },
        Seed {
            method: Method::GET,
            path: "/sign-out",
            place: Place::Query,
            bytes: form(&[
                ("id_token_hint", id_token),
                ("post_logout_redirect_uri", "https://hall.example/"),
            ]),
        },
        post("/authorize", form(&pairs)),
        post("/par", with(&pairs)),
        post(
            "/token",
            with(&[("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://x")]),
        ),
        post("/token", form(&assertion)),
        post("/token", with(&exchange)),
        post("/introspect", with(&[("token", access_token)])),
        post("/revoke", with(&[("token", access_token)])),
        post("/device_authorization", with(&[("scope", "openid")])),
        post("/userinfo", form(&[("access_token", access_token)])),
        Seed {
            method: Method::POST,
            path: "/register",
            place: Place::Body("application/json"),
            bytes: metadata.to_string().into_bytes(),
        },
        header("/token", "authorization", "Basic aGFsbDpzZWNyZXQ=".to_owned()),
        header("/userinfo", "authorization", format!("Bearer {access_token}")),
        header("/token", "dpop", id_token.to_owned()),
        header("/sign-in/personal", "cookie", "__Host-session=x; __Host-visitor=y".to_owned()),
    ]
}

on_both! {
    |config| (config.registration.mode, config.registration.address_hour) = (RegistrationMode::Open, u32::MAX);
    async fn whatever_comes_is_answered(app: TestApp) {
        let set = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let start: u64 = set("FUZZ_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
        let patience = Duration::from_secs(set("FUZZ_SECONDS").unwrap_or(4));
        let portal = Portal::register(&app, "hall").await;
        let mut agent = Agent::new(&app.base);
        agent.sign_in_legal_entity().await;
        let tokens = portal.tokens(&mut agent, &[("scope", "openid")]).await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let seeds = seeds(&portal, &text("id_token"), &text("access_token"));
        let mut dice = Dice(start);
        let mut tried = 0;
        let began = Instant::now();
        while began.elapsed() < patience || tried <= 100 {
            let seed = &seeds[tried % seeds.len()];
            let bytes = mutate(&mut dice, &seed.bytes);
            tried += 1;
            let request = match seed.place {
                Place::Query => {
                    // What no URI can hold never leaves a client.
                    let held = bytes.iter().filter(|byte| byte.is_ascii_graphic() && !b"#<>\"`{}".contains(byte));
                    let query: String = held.map(|byte| char::from(*byte)).take(30_000).collect();
                    agent.request(seed.method.clone(), &format!("{}?{query}", seed.path))
                }
                Place::Body(kind) => {
                    agent.request(seed.method.clone(), seed.path).header("content-type", kind).body(bytes.clone())
                }
                Place::Header(name) => {
                    let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
                    let request = agent.request(seed.method.clone(), seed.path).header("content-type", FORM);
                    request.header(HeaderName::from_static(name), value).body("grant_type=client_credentials")
                }
            };
            let reply = agent.stranger().send(request).await;
            let shown = String::from_utf8_lossy(&bytes);
            assert!(
                reply.status.as_u16() < 500,
                "FUZZ_SEED={start}, request {tried}: {} {} answers {}: {shown}", seed.method, seed.path, reply.status
            );
        }
        assert_eq!(agent.get("/help").await.status, 200, "and it lives on");
    }
}
