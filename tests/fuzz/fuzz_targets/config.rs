//! The configuration: a TOML text, then, behind a line of dashes, `IDP_…` variables. What is taken is safe to start with.

#![no_main]

use idp::app::key_retention;
use idp::config;
use idp::domain::timestamp::{Span, Timestamp};
use idp::oidc::discovery;
use idp::platform::registers::Registers;
use idp::platform::sms::Sms;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (file, variables) = text.split_once("\n---\n").unwrap_or((text, ""));
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let variables: Vec<(String, String)> =
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = match config::read("idp.toml", file, variables) {
        Ok(config) => config,
        Err(error) => return assert!(error.to_string().contains(": ")),
    };
    let issuer = Url::parse(&config.issuer).unwrap();
    assert!(issuer.scheme() == "https" || config.is_loopback());
    assert!(!config.issuer.ends_with('/') && config.issuer.bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(config.origin(), config.issuer, "issuers are origins");
    assert!(config.sms.captcha || config.is_loopback());
    assert_eq!(discovery::document(&config)["issuer"], *config.issuer);

    // No length of time is too long to be added up.
    let tokens = &config.tokens;
    let start = Timestamp::from_millis(1_800_000_000_000);
    for span in [
        key_retention(&config),
        Span::minutes(config.session.idle_minutes),
        Span::hours(config.session.absolute_hours),
        Span::minutes(config.sign_in.lock_minutes),
        Span::minutes(config.sign_in.request_minutes),
        Span::days(tokens.refresh_token_days),
        Span::days(config.operations.audit_days),
        Span::seconds(tokens.code_seconds) + Span::seconds(tokens.access_token_seconds),
    ] {
        assert!(start + span >= start);
        let _ = (start + span).rfc3339();
    }
    let _ = Registers::new(&config.registers);
    if config.sms.gateway.is_some() && !matches!(config.sms.transport, config::SmsTransport::Folder) {
        Sms::open(&config.sms).unwrap();
    }
});
