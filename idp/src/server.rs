//! Listens, serves, and stops without dropping what is running.

mod certificates;
mod event_streams;
mod tls;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum_server::Handle;
use axum_server::accept::DefaultAcceptor;
use axum_server::tls_openssl::OpenSSLAcceptor;
use hyper_util::rt::TokioTimer;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use self::event_streams::Streams;
use crate::app::App;
use crate::config::TlsConfig;
use crate::{janitor, router};

/// How often the other side of an HTTP/2 connection is asked whether it is still there.
const ASKED_EVERY: Duration = Duration::from_secs(30);
const LAST_WORD: Duration = Duration::from_secs(2);
const HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// How long a connection may wait for its next request: longer than the 90 s after which portals' HTTP clients (Go's and
/// Rust's defaults) close theirs. Whoever closes first can't meet a request under way, which would be lost.
const IDLE_FOR: Duration = Duration::from_secs(100);
/// The same for browsers, which are many and send again by themselves what met the closing. Only where they come to us
/// themselves: without TLS it is a proxy that brings them, and keeps its connections for all.
const BROWSERS_IDLE_FOR: Duration = Duration::from_secs(15);
/// Bytes.
const LONGEST_HEADERS: usize = 128 * 1024;

/// A provider that serves until it is told to stop.
pub struct Server {
    pub address: SocketAddr,
    pub operations: SocketAddr,
    app: App,
    handles: Vec<Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<std::io::Result<()>>>,
    /// Closed once no stream of events is left.
    streams: watch::Sender<()>,
    janitor: JoinHandle<()>,
}

/// Binds a listener; the message names the configuration key.
///
/// # Errors
/// When the address is taken or is no address.
pub fn bind(key: &str, address: &str) -> Result<TcpListener> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("{key}: cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Server {
    /// Starts to serve on the configured addresses (port 0 takes any).
    ///
    /// # Errors
    /// When an address is taken or the TLS files can't be used.
    pub fn start(app: App) -> Result<Self> {
        let listener = bind("listen", &app.config.listen)?;
        let operations_listener = bind("operations.listen", &app.config.operations.listen)?;
        Self::start_on(app, listener, operations_listener)
    }

    /// Starts to serve on listeners that are bound already.
    ///
    /// # Errors
    /// When the TLS files can't be used.
    pub fn start_on(app: App, listener: TcpListener, operations_listener: TcpListener) -> Result<Self> {
        let address = listener.local_addr()?;
        let operations = operations_listener.local_addr()?;
        let handles = vec![Handle::new(), Handle::new(), Handle::new()];
        let router = router::build(&app)?;
        let (sender, open) = watch::channel(());
        let streams = Streams { clock: app.clock.clone(), open };
        let tls = app.config.tls.as_ref();
        let mut tasks = vec![
            serve(listener, tls, &streams, router.clone(), handles[0].clone())?,
            serve_plain(operations_listener, &streams, router::operations(&app), handles[1].clone())?,
        ];
        if let (Some(listen), Some(tls)) = (&app.config.client_certificates.listen, tls) {
            let listener = bind("client_certificates.listen", listen)?;
            tasks.push(serve_certificates(listener, tls, &streams, router, handles[2].clone())?);
        }
        let janitor = tokio::spawn(janitor::run(app.clone()));
        Ok(Self { address, operations, app, handles, tasks, streams: sender, janitor })
    }

    /// Serves until `stop` is done, then finishes what is running.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<()> {
        stop.await;
        self.stop().await
    }

    /// Takes no new requests, finishes those that are running, and closes the database.
    ///
    /// # Errors
    /// When a listener had failed.
    pub async fn stop(self) -> Result<()> {
        // Browsers that wait for a telephone would wait on: they go to another instance.
        self.app.waiting.close();
        let patience = Duration::from_secs(self.app.config.operations.shutdown_seconds.into());
        let end = Instant::now() + patience;
        for handle in &self.handles {
            handle.graceful_shutdown(Some(patience));
        }
        for task in self.tasks {
            task.await??;
        }
        // They say a last word: whoever does not take it within this time is left.
        drop(timeout_at(end, self.streams.closed()).await);
        // The database stays open for what has just begun, whatever the time.
        drop(timeout_at(end.max(Instant::now() + LAST_WORD), self.app.begun.all()).await);
        self.janitor.abort();
        self.app.store.close().await;
        Ok(())
    }
}

fn serve(
    listener: TcpListener,
    tls: Option<&TlsConfig>,
    streams: &Streams,
    router: Router,
    handle: Handle<SocketAddr>,
) -> Result<JoinHandle<std::io::Result<()>>> {
    let Some(tls) = tls else { return serve_plain(listener, streams, router, handle) };
    let server = limited(
        listener,
        OpenSSLAcceptor::new(tls::config(tls, |_| ())?),
        streams,
        Some(BROWSERS_IDLE_FOR),
        handle,
    )?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move { server.serve(service).await }))
}

/// The same product, for clients that prove who they are by a certificate.
fn serve_certificates(
    listener: TcpListener,
    tls: &TlsConfig,
    streams: &Streams,
    router: Router,
    handle: Handle<SocketAddr>,
) -> Result<JoinHandle<std::io::Result<()>>> {
    let acceptor = OpenSSLAcceptor::new(tls::config(tls, certificates::ask)?);
    let server = limited(
        listener,
        certificates::CertificateAcceptor(acceptor),
        streams,
        Some(BROWSERS_IDLE_FOR),
        handle,
    )?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move { server.serve(service).await }))
}

fn serve_plain(
    listener: TcpListener,
    streams: &Streams,
    router: Router,
    handle: Handle<SocketAddr>,
) -> Result<JoinHandle<std::io::Result<()>>> {
    let server = limited(listener, DefaultAcceptor, streams, None, handle)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move { server.serve(service).await }))
}

/// Nobody may hold a new connection by sending nothing, or headers slowly; who has sent a request may be idle for a
/// while, and who waits for events holds little.
fn limited<A>(
    listener: TcpListener,
    acceptor: A,
    streams: &Streams,
    browsers_idle_for: Option<Duration>,
    handle: Handle<SocketAddr>,
) -> Result<axum_server::Server<SocketAddr, event_streams::Acceptor<A>>> {
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(event_streams::Acceptor { inner: acceptor, streams: streams.clone(), browsers_idle_for })
        .handle(handle)
        .first_request_timeout(HEADERS_WITHIN);
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_FOR).max_buf_size(LONGEST_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ASKED_EVERY)
        .max_header_list_size(LONGEST_HEADERS as u32);
    Ok(server)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time;

    use super::*;
    use crate::platform::clock::Clock;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const BY_A_BROWSER: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\n\r\n";

    /// To a listener for everybody, proxies or browsers.
    async fn connect() -> TcpStream {
        let listener = bind("listen", "127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let streams = Streams { clock: Clock::default(), open: watch::channel(()).1 };
        let server = limited(listener, DefaultAcceptor, &streams, Some(BROWSERS_IDLE_FOR), Handle::new());
        let router = Router::new().route("/", get(async || "here"));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(server.unwrap().serve(service));
        TcpStream::connect(address).await.unwrap()
    }

    async fn is_answered(connection: &mut TcpStream, request: &str) -> bool {
        let mut answer = [0; 512];
        connection.write_all(request.as_bytes()).await.unwrap();
        let length = connection.read(&mut answer).await.unwrap();
        answer[..length].starts_with(b"HTTP/1.1 200")
    }

    async fn is_closed(connection: &mut TcpStream) -> bool {
        let mut rest = [0; 512];
        let closing = time::timeout(Duration::from_secs(40), connection.read(&mut rest));
        closing.await.is_ok_and(|read| read.unwrap() == 0)
    }

    /// Only while nothing is under way: a paused clock leaps over what the network still has to bring.
    async fn pass(seconds: u64) {
        time::pause();
        time::advance(Duration::from_secs(seconds)).await;
        time::resume();
    }

    #[tokio::test]
    async fn who_has_asked_may_ask_again_after_a_while() {
        let mut connection = connect().await;
        for _ in 0..2 {
            assert!(is_answered(&mut connection, REQUEST).await);
            pass(91).await;
        }
        assert!(is_answered(&mut connection, REQUEST).await);
        pass(101).await;
        assert!(is_closed(&mut connection).await);
    }

    #[tokio::test]
    async fn browsers_wait_less_long() {
        let mut connection = connect().await;
        for _ in 0..2 {
            assert!(is_answered(&mut connection, BY_A_BROWSER).await);
            pass(10).await;
        }
        pass(6).await;
        assert!(is_closed(&mut connection).await);
    }

    #[tokio::test]
    async fn who_never_finishes_a_first_request_is_left() {
        for begun in ["", &REQUEST[..20]] {
            let mut connection = connect().await;
            connection.write_all(begun.as_bytes()).await.unwrap();
            // Until the server has it.
            assert!(time::timeout(Duration::from_millis(50), connection.read(&mut [0])).await.is_err());
            pass(16).await;
            assert!(is_closed(&mut connection).await);
        }
    }
}
