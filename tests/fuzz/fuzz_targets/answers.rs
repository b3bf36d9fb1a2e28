//! What an SMS gateway and the registers answer. `j`: a body, JSON or not; anything else: the answer as it comes over the
//! wire.

#![no_main]

use std::sync::LazyLock;

use idp::config::{GatewayConfig, RegistersConfig};
use idp::domain::timestamp::Timestamp;
use idp::domain::unit_name::UnitName;
use idp::platform::registers::{Asked, EntityAnswer, EntityQuery, Registers, ResidentAnswer, ResidentQuery};
use idp::platform::sms::Sms;
use libfuzzer_sys::fuzz_target;
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

struct Outside {
    runtime: Runtime,
    listener: TcpListener,
    http: reqwest::Client,
    registers: Registers,
    gateway: Sms,
}

const REGISTERS: &str = r#"
[legal_entities]
request = { url = "ADDRESS", body = '{"code":"{credit_code}"}', timeout_seconds = 1 }
found = { pointer = "/code", value = "0" }
name = "/data/name"
representative_name = "/data/legal"
representative_document_number = "/data/number"
breaker = { failures = 4294967295, pause_seconds = 0 }
[residents]
request = { url = "ADDRESS", timeout_seconds = 1 }
matches = { pointer = "/data/same", value = "true" }
breaker = { failures = 4294967295, pause_seconds = 0 }
"#;
const GATEWAY: &str = r#"
request = { url = "ADDRESS", body = '{"to":"{phone}","text":"{text}"}', timeout_seconds = 1 }
success = { pointer = "/code", value = "0" }
"#;
const NAME: &str = "测试（长春）有限公司";

static OUTSIDE: LazyLock<Outside> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let registers: RegistersConfig = toml::from_str(&REGISTERS.replace("ADDRESS", &address)).unwrap();
    let gateway: GatewayConfig = toml::from_str(&GATEWAY.replace("ADDRESS", &address)).unwrap();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    Outside { runtime, listener, http, registers: Registers::new(&registers), gateway: Sms::Http(gateway) }
});

/// Answers one request; what the client makes of it is its own affair.
async fn answer(listener: &TcpListener, bytes: &[u8]) {
    let Ok((mut stream, _)) = listener.accept().await else { return };
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
}

fuzz_target!(init: { LazyLock::force(&OUTSIDE); }, |data: &[u8]| {
    let Outside { runtime, listener, http, registers, gateway } = &*OUTSIDE;
    let body = data.strip_prefix(b"j");
    let mut bytes = data.to_vec();
    if let Some(body) = body {
        bytes = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len())
            .into_bytes();
        bytes.extend_from_slice(body);
    }
    let json: Option<Value> = body.map(|body| serde_json::from_slice(body).unwrap_or(Value::Null));
    let at = |pointer: &str| json.as_ref().map(|json| json.pointer(pointer).cloned().unwrap_or_default());
    let is = |pointer, wanted: &str| {
        at(pointer).is_none_or(|found| {
            let shown = found.to_string();
            found == *wanted || shown == wanted
        })
    };
    runtime.block_on(async {
        let query = EntityQuery {
            credit_code: "91220101TEXT00017E",
            name: NAME,
            representative_name: "王颖",
            representative_document_type: "111",
            representative_document_number: "220102199912310002",
        };
        let now = Timestamp::from_millis(0);
        let (asked, ()) = tokio::join!(registers.legal_entity(http, now, query), answer(listener, &bytes));
        if asked == Asked::Answered(EntityAnswer::Confirmed) {
            let same = |name: &str| {
                UnitName::parse(name).is_ok_and(|name| name.key() == UnitName::parse(NAME).unwrap().key())
            };
            assert!(at("/data/name").is_none_or(|found| found == true || found.as_str().is_some_and(same)));
            assert!(is("/code", "0"));
        }
        let query =
            ResidentQuery { name: "王颖", document_type: "111", document_number: "220102199912310002" };
        let (asked, ()) = tokio::join!(registers.resident(http, now, query), answer(listener, &bytes));
        assert!(asked != Asked::Answered(ResidentAnswer::Confirmed) || is("/data/same", "true"));
        let (sent, ()) =
            tokio::join!(gateway.send(http, "19400000001", "\"验证码\""), answer(listener, &bytes));
        match sent {
            Ok(()) => assert!(is("/code", "0")),
            Err(error) => assert!(!format!("{error:#}").contains("19400000001"), "numbers are not for logs"),
        }
    });
});
