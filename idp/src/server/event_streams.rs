//! Streams of events leave the HTTP machinery once they begin. Whoever waits for a telephone waits for minutes and hears
//! three words: hyper would hold buffers of 16 kB and the state of a whole connection for each of them meanwhile.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Version, header};
use axum::response::Response;
use axum_server::accept::Accept;
use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};
use tower::Service;

use crate::domain::timestamp::Timestamp;
use crate::platform::clock::Clock;

/// Events are small: who does not take one within this time has gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes: a pipelined request or two.
const MOST_IGNORED: usize = 16 * 1024;

/// Lets the answers of another acceptor's connections leave, where they are streams of events (HTTP/1 only: the
/// streams of an HTTP/2 connection share what it holds).
#[derive(Clone)]
pub struct Acceptor<A> {
    pub inner: A,
    pub streams: Streams,
    /// How long a browser's connection may wait for its next request, where that is less than others may.
    pub browsers_idle_for: Option<Duration>,
}

/// What streams need once they are on their own.
#[derive(Clone)]
pub struct Streams {
    pub clock: Clock,
    /// Held as long as a stream lasts: whoever has the sender knows when the last one has ended.
    pub open: watch::Receiver<()>,
}

impl<A, S> Accept<TcpStream, S> for Acceptor<A>
where
    A: Accept<TcpStream, S, Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static, Future: Send + 'static>,
{
    type Stream = Lent<A::Stream>;
    type Service = Leaving<A::Stream, A::Service>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepting = self.inner.accept(stream, service);
        let (streams, browsers_idle_for) = (self.streams.clone(), self.browsers_idle_for);
        Box::pin(async move {
            let (stream, inner) = accepting.await?;
            let connection =
                Lent(Arc::new(Mutex::new(Loan { stream: Some(stream), idle_for: None, idle_until: None })));
            Ok((connection.clone(), Leaving { connection, inner, streams, browsers_idle_for }))
        })
    }
}

/// A connection that hyper has until it is taken back, or nothing has come for too long. From then on it looks closed by
/// the other side, and takes what is written without sending it.
pub struct Lent<T>(Arc<Mutex<Loan<T>>>);

struct Loan<T> {
    stream: Option<T>,
    /// How long the next request may take to come, while none is under way.
    idle_for: Option<Duration>,
    /// Its end; none while an answer is on its way, which may take as long as it takes.
    idle_until: Option<Pin<Box<Sleep>>>,
}

impl<T> Clone for Lent<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Lent<T> {
    fn here(&self) -> MutexGuard<'_, Loan<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Loan<T> {
    fn writing(&mut self) -> Option<&mut T> {
        self.idle_until = None;
        self.stream.as_mut()
    }

    fn busy(&mut self) {
        (self.idle_for, self.idle_until) = (None, None);
    }

    /// Nothing is left to send.
    fn is_idle(&mut self, context: &mut Context<'_>) {
        if let (None, Some(span)) = (&self.idle_until, self.idle_for) {
            let end = self.idle_until.insert(Box::pin(sleep(span)));
            // Whatever is polled next, its end is heard of.
            let _ = end.as_mut().poll(context);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Lent<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let loan = &mut *self.here();
        let Some(stream) = loan.stream.as_mut() else { return Poll::Ready(Ok(())) };
        let read = Pin::new(stream).poll_read(context, buffer);
        match &mut loan.idle_until {
            Some(end) if read.is_pending() => end.as_mut().poll(context).map(Ok),
            // What has just come is not cut by a time that has just run out.
            _ => {
                loan.idle_until = None;
                read
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Lent<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.here().writing() {
            Some(stream) => Pin::new(stream).poll_write(context, bytes),
            None => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.here().writing() {
            Some(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            None => Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.here().stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let loan = &mut *self.here();
        let Some(stream) = loan.stream.as_mut() else { return Poll::Ready(Ok(())) };
        let flushed = Pin::new(stream).poll_flush(context);
        if flushed.is_ready() {
            loan.is_idle(context);
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.here().stream.as_mut() {
            Some(stream) => Pin::new(stream).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// The service of one connection.
pub struct Leaving<T, S> {
    connection: Lent<T>,
    inner: S,
    streams: Streams,
    browsers_idle_for: Option<Duration>,
}

impl<T, S: Clone> Clone for Leaving<T, S> {
    fn clone(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            inner: self.inner.clone(),
            streams: self.streams.clone(),
            browsers_idle_for: self.browsers_idle_for,
        }
    }
}

impl<T, S, B> Service<Request<B>> for Leaving<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<B>, Response = Response, Future: Send + 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let is_http_1 = request.version() <= Version::HTTP_11;
        let may_leave = is_http_1 && request.method() == Method::GET;
        let is_browser = is_http_1 && request.headers().contains_key("sec-fetch-site");
        let idle_for = self.browsers_idle_for.filter(|_| is_browser);
        let (connection, streams) = (self.connection.clone(), self.streams.clone());
        connection.here().busy();
        let answering = self.inner.call(request);
        Box::pin(async move {
            let response = answering.await?;
            if !may_leave || !is_of_events(response.headers()) {
                connection.here().idle_for = idle_for;
                return Ok(response);
            }
            // In a statement of its own: the lock must not be held while the stream is served.
            let taken = connection.here().stream.take();
            let Some(stream) = taken else { return Ok(response) };
            let head = head(&response, streams.clock.now());
            tokio::spawn(async move {
                serve(stream, head, response).await;
                drop(streams.open);
            });
            let mut nothing = Response::default();
            nothing.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            Ok(nothing)
        })
    }
}

fn is_of_events(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// Ends when the events do, or when the other side has gone: there is nobody to be told of a fault.
async fn serve<T: AsyncRead + AsyncWrite + Unpin>(mut stream: T, head: Vec<u8>, response: Response) {
    let mut sent = send(&mut stream, &head).await;
    drop(head);
    let mut events = response.into_body().into_data_stream();
    while sent {
        let event = tokio::select! {
            event = events.next() => event,
            () = gone(&mut stream) => return,
        };
        sent = match event {
            Some(Ok(event)) => send(&mut stream, &event).await,
            _ => false,
        };
    }
    drop(timeout(PATIENCE, stream.shutdown()).await);
}

async fn send<T: AsyncWrite + Unpin>(stream: &mut T, bytes: &[u8]) -> bool {
    let sending = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    matches!(timeout(PATIENCE, sending).await, Ok(Ok(())))
}

/// RFC 9112: the body ends with the connection (section 6.3), and whatever the client still sends is no request
/// (section 9.6).
fn head(response: &Response, now: Timestamp) -> Vec<u8> {
    let (status, date) = (response.status(), now.http_date());
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ndate: {date}\r\n").into_bytes();
    for (name, value) in response.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Who talks on where nobody listens is let go, too.
async fn gone<T: AsyncRead + Unpin>(stream: &mut T) {
    let mut ignored = [0; 64];
    let mut left = MOST_IGNORED;
    while let Ok(read @ 1..) = stream.read(&mut ignored).await {
        if read > left {
            return;
        }
        left -= read;
    }
}
