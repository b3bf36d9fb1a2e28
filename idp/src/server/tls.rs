//! How listeners speak TLS.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum_server::tls_openssl::OpenSSLConfig;
use openssl::ssl::{
    AlpnError, SslAcceptor, SslAcceptorBuilder, SslFiletype, SslMethod, SslMode, SslSessionCacheMode,
    select_next_proto,
};

use crate::config::TlsConfig;

/// Of TLS 1.2 only what RFC 9325 section 4.2 recommends, and ChaCha20 for telephones without AES; no finite-field
/// Diffie-Hellman, which FAPI 2.0 section 5.2.2 leaves out with it.
const TLS_1_2: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Mozilla's intermediate profile with fewer suites: TLS 1.2 with forward secrecy and TLS 1.3.
/// `change` says what one listener needs beyond that.
///
/// # Errors
/// The key of the configuration whose file can't be used.
pub fn config(tls: &TlsConfig, change: fn(&mut SslAcceptorBuilder)) -> Result<OpenSSLConfig> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_cipher_list(TLS_1_2)?;
    builder
        .set_certificate_chain_file(&tls.certificate)
        .with_context(|| format!("tls.certificate: cannot read {}", tls.certificate.display()))?;
    builder
        .set_private_key_file(&tls.key, SslFiletype::PEM)
        .with_context(|| format!("tls.key: cannot read {}", tls.key.display()))?;
    builder.check_private_key().context("tls.key: does not belong to tls.certificate")?;
    // HTTP/1.1 first: a browser that waits for a telephone costs 60 kB with HTTP/2 (decision 0030).
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(b"\x08http/1.1\x02h2", offered).ok_or(AlpnError::NOACK)
    });
    // Whoever comes back brings a ticket: nothing is kept for them here. And idle connections keep no buffers.
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    change(&mut builder);
    Ok(OpenSSLConfig::from_acceptor(Arc::new(builder.build())))
}
