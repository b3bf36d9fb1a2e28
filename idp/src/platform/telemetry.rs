//! Logs and metrics. Neither ever holds a secret, a document number or a telephone number.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::config::{LogFormat, OperationsConfig};

/// Starts logging to standard error. A second call in one process does nothing.
pub fn start_logging(config: &OperationsConfig) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&config.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A logger that is already there stays: tests start many servers in one process.
    let _ = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub route: String,
    pub method: String,
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    pub route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SignInLabels {
    pub account_type: &'static str,
    pub outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct GrantLabel {
    pub grant_type: &'static str,
}

/// What `/metrics` tells. One per [`crate::app::App`].
pub struct Metrics {
    registry: Registry,
    pub requests: Family<RequestLabels, Counter>,
    pub request_seconds: Family<RouteLabel, Histogram>,
    pub sign_ins: Family<SignInLabels, Counter>,
    pub tokens: Family<GrantLabel, Counter>,
    pub outbox_sent: Counter,
    pub outbox_failed: Counter,
    pub janitor_deleted: Counter,
    pub qr_waiting: Gauge,
    pub qr_looks: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("idp");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let request_seconds: Family<RouteLabel, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 2.0, 14)));
        registry.register("http_request_seconds", "Time to answer a request", request_seconds.clone());
        let sign_ins = Family::default();
        registry.register("sign_ins", "Attempts to sign in, by outcome", sign_ins.clone());
        let tokens = Family::default();
        registry.register("token_responses", "Token responses issued", tokens.clone());
        let outbox_sent = Counter::default();
        registry.register("outbox_sent", "Messages of the outbox that were delivered", outbox_sent.clone());
        let outbox_failed = Counter::default();
        registry.register("outbox_failed", "Deliveries of the outbox that failed", outbox_failed.clone());
        let janitor_deleted = Counter::default();
        registry.register("janitor_deleted", "Expired rows that were deleted", janitor_deleted.clone());
        let qr_waiting = Gauge::default();
        registry.register(
            "qr_waiting",
            "Codes that browsers wait with here, or have asked about within a minute",
            qr_waiting.clone(),
        );
        let qr_looks = Counter::default();
        registry.register("qr_looks", "Queries for news of QR tickets, for all who wait", qr_looks.clone());
        Self {
            registry,
            requests,
            request_seconds,
            sign_ins,
            tokens,
            outbox_sent,
            outbox_failed,
            janitor_deleted,
            qr_waiting,
            qr_looks,
        }
    }
}

impl Metrics {
    /// The OpenMetrics text format.
    ///
    /// # Errors
    /// Only when formatting fails, which a `String` does not.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}
