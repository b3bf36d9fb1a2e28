//! The listener that asks its clients for certificates (RFC 8705). One of its own, since a browser that is asked for
//! one bothers its user.

use std::future::Future;
use std::io;
use std::pin::Pin;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_openssl::OpenSSLAcceptor;
use openssl::ssl::{SslAcceptorBuilder, SslOptions, SslSessionCacheMode, SslVerifyMode};
use tokio::net::TcpStream;
use tower::Layer;

use crate::platform::client_certificate::{ClientCertificate, PeerCertificate};

/// Asks for a certificate without demanding one. Whose it is, is decided by each request's client: here any will do,
/// since TLS has proved that its key is there.
pub fn ask(builder: &mut SslAcceptorBuilder) {
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    // A resumed session would bring its certificate along without proving it again.
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_TICKET);
}

/// Leaves what the client presented on each request of the connection.
#[derive(Clone)]
pub struct CertificateAcceptor(pub OpenSSLAcceptor);

type Inner<S> = <OpenSSLAcceptor as Accept<TcpStream, S>>::Service;

impl<S: Send + 'static> Accept<TcpStream, S> for CertificateAcceptor {
    type Stream = <OpenSSLAcceptor as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<Inner<S>, PeerCertificate>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let presented = stream.ssl().peer_certificate();
            let certificate = presented.map(ClientCertificate::new).transpose().map_err(io::Error::other)?;
            Ok((stream, Extension(PeerCertificate(certificate)).layer(service)))
        })
    }
}
