//! What comes with a program's request besides its form: how it was sent, and what it proves by the connection.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method};

use crate::app::App;
use crate::platform::client_certificate::{ClientCertificate, PeerCertificate};

/// Kept beside the body, which is read once.
pub struct Envelope {
    pub method: Method,
    /// Without the query.
    pub path: String,
    pub headers: HeaderMap,
    /// The client's certificate: of the TLS connection, or as a trusted proxy passes it (RFC 8705).
    pub certificate: Option<ClientCertificate>,
}

impl Envelope {
    pub fn of(app: &App, request: &Request) -> Self {
        let extensions = request.extensions();
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let certificate = match extensions.get::<PeerCertificate>() {
            Some(PeerCertificate(of_connection)) => of_connection.clone(),
            None => peer.and_then(|peer| app.client_certificates.passed_by_proxy(peer, request.headers())),
        };
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            headers: request.headers().clone(),
            certificate,
        }
    }
}
