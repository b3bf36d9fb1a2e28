//! What a provider must be told so that it uses the demonstration's stand-ins: as an administrator would for the
//! province's SMS gateway and registers (see idp/config.example.toml).

use std::collections::BTreeMap;

use idp::config::{
    BreakerConfig, Config, EntityRegisterConfig, ExpectConfig, GatewayConfig, RequestConfig,
    ResidentRegisterConfig, SmsTransport,
};

/// Where a stand-in is reached, and the token that it wants.
pub struct StandIn<'a> {
    pub url: &'a str,
    pub token: &'a str,
}

/// Sends text messages to the portals' page /phone.
pub fn use_phone(config: &mut Config, portals: &StandIn<'_>) {
    config.sms.transport = SmsTransport::Http;
    config.sms.gateway = Some(GatewayConfig {
        request: request(portals, "/phone/gateway", r#"{"to":"{phone}","text":"{text}"}"#),
        success: Some(expect("/code", "0")),
    });
}

/// Asks the small synthetic registers.
pub fn use_registers(config: &mut Config, registers: &StandIn<'_>) {
    config.registers.legal_entities = Some(EntityRegisterConfig {
        request: request(registers, "/legal-entities/query", r#"{"credit_code":"{credit_code}"}"#),
        found: expect("/code", "0"),
        name: "/data/name".to_owned(),
        representative_name: Some("/data/representative_name".to_owned()),
        representative_document_number: Some("/data/representative_document_number".to_owned()),
        breaker: BreakerConfig::default(),
    });
    config.registers.residents = Some(ResidentRegisterConfig {
        request: request(
            registers,
            "/residents/verify",
            r#"{"name":"{name}","document_type":"{document_type}","document_number":"{document_number}"}"#,
        ),
        matches: expect("/match", "true"),
        document_types: vec!["111".to_owned()],
        breaker: BreakerConfig::default(),
    });
}

fn request(at: &StandIn<'_>, path: &str, body: &str) -> RequestConfig {
    let token = format!("Bearer {}", at.token);
    RequestConfig {
        url: format!("{}{path}", at.url.trim_end_matches('/')),
        method: "POST".to_owned(),
        headers: BTreeMap::from([("authorization".to_owned(), token)]),
        body: body.to_owned(),
        timeout_seconds: 3,
    }
}

fn expect(pointer: &str, value: &str) -> ExpectConfig {
    ExpectConfig { pointer: pointer.to_owned(), value: value.to_owned() }
}
