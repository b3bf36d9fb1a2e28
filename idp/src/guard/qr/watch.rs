//! One task of each instance that asks for news of QR tickets, for all browsers that wait there together.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::browser::key;
use crate::app::App;
use crate::domain::qr_ticket::{Seen, Stage, View};
use crate::domain::timestamp::{Span, Timestamp};
use crate::store::qr_tickets::{self, ChangedRow};

const CALM: Duration = Duration::from_secs(1);
/// While somebody here has scanned and is about to confirm, which is always so where thousands wait: as seldom as lets a
/// confirmation be heard of in less than a second, with the look itself and the way to the browser.
const EXPECTANT: Duration = Duration::from_millis(750);
const GRACE: Span = Span::seconds(2);
const AFTER_A_FAILURE: Duration = Duration::from_secs(2);
/// How far back each look goes beyond the one before: other instances' clocks may be behind, and what they write is
/// seen only when it is committed.
const OVERLAP: Span = Span::seconds(10);

/// Runs until it is dropped.
pub async fn run(app: &App) {
    let mut looked_at = app.clock.now();
    loop {
        let now = app.clock.now();
        // A moment later than it is: what was scanned in the last one is in the store, and not yet read.
        let crowd = app.waiting.sweep(now - GRACE);
        app.metrics.qr_waiting.set(i64::try_from(crowd.waiting).unwrap_or(i64::MAX));
        if crowd.waiting == 0 {
            app.waiting.arrival().await;
            looked_at = app.clock.now();
            continue;
        }
        match look(app, looked_at - OVERLAP).await {
            Ok(scanned) => {
                looked_at = now;
                sleep(if scanned || crowd.scanned > 0 { EXPECTANT } else { CALM }).await;
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "no news of QR tickets; it will be tried again");
                sleep(AFTER_A_FAILURE).await;
            }
        }
    }
}

/// Hands on what is new; whether of it something was scanned here just now.
async fn look(app: &App, since: Timestamp) -> Result<bool> {
    app.metrics.qr_looks.inc();
    let (now, mut scanned) = (app.clock.now(), false);
    for row in qr_tickets::changed_since(&app.store, since).await? {
        if let Some(seen) = seen_of(&row, now) {
            let is_scan = matches!(seen.view, View::Scanned { .. });
            scanned |= app.waiting.tell(&key(&row.id_hash)?, seen) && is_scan;
        }
    }
    Ok(scanned)
}

/// `None`: a stage that only a newer release knows.
fn seen_of(row: &ChangedRow, now: Timestamp) -> Option<Seen> {
    let number = u8::try_from(row.number).ok()?;
    let expires_at = Timestamp::from_millis(row.expires_at);
    Some(Seen::of(Stage::parse(&row.stage)?, row.scanner_name.as_deref(), number, expires_at, now))
}
