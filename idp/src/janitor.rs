//! Work in the background: deletes what has expired in small batches, sends what waits in the outbox, and looks for
//! new keys. Every instance runs it; the store keeps them out of each other's way.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::app::App;
use crate::domain::timestamp::{Span, Timestamp};
use crate::guard::evidence;
use crate::guard::logout_notices::LOGOUT_NOTICE;
use crate::guard::qr;
use crate::guard::sessions;
use crate::guard::text_message::{self, TEXT_MESSAGE};
use crate::oidc::logout_notice;
use crate::store::expiry;
use crate::store::operators::changes::{self, Standing};
use crate::store::outbox::{self, Leased};

/// How long an instance may take over a message before another tries.
const LEASE: Span = Span::minutes(1);
/// How long one recipient's messages may take of it.
const LONGEST_TURN: Span = Span::seconds(30);
const LONGEST_WAIT: u32 = 15 * 60;

/// Runs until it is dropped.
pub async fn run(app: App) {
    tokio::join!(
        qr::watch::run(&app),
        repeat(Duration::from_millis(500), || send_outbox(&app)),
        repeat(Duration::from_secs(1), || end_lapsed(&app)),
        repeat(Duration::from_secs(20), || sweep(&app)),
        repeat(Duration::from_secs(5), || evidence::ask_due(&app)),
        repeat(Duration::from_secs(2), || async { Ok(app.store.checkpoint().await?) }),
        repeat(Duration::from_secs(app.config.keys.reload_seconds.into()), || reload_keys(&app)),
    );
}

async fn repeat<F: Future<Output = Result<()>>>(pause: Duration, work: impl Fn() -> F) {
    loop {
        if let Err(error) = work().await {
            tracing::warn!(error = format!("{error:#}"), "background work failed; it will be tried again");
            sleep(Duration::from_secs(2)).await;
        }
        sleep(pause).await;
    }
}

async fn reload_keys(app: &App) -> Result<()> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || app.keys.reload()).await?
}

/// Deletes what has expired, batch by batch, until nothing is left.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> Result<()> {
    // Here too: after a standstill of all instances the sweep must not come first.
    end_lapsed(app).await?;
    let audit_kept = Span::days(app.config.operations.audit_days);
    loop {
        let deleted = expiry::sweep(&app.store, app.clock.now(), audit_kept).await?;
        app.metrics.janitor_deleted.inc_by(deleted);
        if deleted == 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Ends what operators hold whose validity has passed, so that their portals are told.
///
/// # Errors
/// When the database fails.
pub async fn end_lapsed(app: &App) -> Result<()> {
    for id in changes::lapsed(&app.store, app.clock.now()).await? {
        let mut tx = app.store.begin().await?;
        changes::hold(&mut tx, &id).await?;
        // The validity may have been extended, and used, meanwhile.
        if changes::standing(&mut tx, &id, app.clock.now()).await? == Standing::Over {
            sessions::end_everything(app, &mut tx, &id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Sends what is due in the outbox, a few at a time, side by side; what is taken together for one recipient in the order in
/// which it was written: of two codes the newer one counts, and it is read last.
///
/// # Errors
/// When the database fails.
pub async fn send_outbox(app: &App) -> Result<()> {
    loop {
        let messages = outbox::lease(&app.store, &app.vault, app.clock.now(), LEASE, 20).await?;
        if messages.is_empty() {
            return Ok(());
        }
        let mut deliveries = JoinSet::new();
        for messages in by_recipient(messages) {
            let app = app.clone();
            deliveries.spawn(async move { send_in_turn(&app, messages).await });
        }
        while let Some(outcome) = deliveries.join_next().await {
            outcome??;
        }
    }
}

/// Each recipient's messages, oldest first.
fn by_recipient(mut messages: Vec<Leased>) -> impl Iterator<Item = Vec<Leased>> {
    messages.sort_by_key(|message| message.created_at);
    let mut recipients: HashMap<String, Vec<Leased>> = HashMap::new();
    for message in messages {
        let recipient = match message.kind.as_str() {
            TEXT_MESSAGE => text_message::recipient(&message.payload),
            _ => None,
        };
        recipients.entry(recipient.unwrap_or_else(|| message.id.clone())).or_default().push(message);
    }
    recipients.into_values()
}

/// One recipient's messages. After one that failed the younger ones wait, unless they would be worth nothing by then; and
/// none is still held here when another instance may take it.
async fn send_in_turn(app: &App, messages: Vec<Leased>) -> Result<()> {
    let enough = app.clock.now() + LONGEST_TURN;
    let mut wait_until: Option<Timestamp> = None;
    for message in messages {
        match wait_until {
            Some(until) if until < message.give_up_at => {
                outbox::put_off(&app.store, &message.id, until).await?;
            }
            _ => {
                let again_at = settle(app, message).await?;
                let now = app.clock.now();
                wait_until = wait_until.max(again_at).or((now >= enough).then_some(now));
            }
        }
    }
    Ok(())
}

/// Sends one message; gives when it will be tried again.
async fn settle(app: &App, message: Leased) -> Result<Option<Timestamp>> {
    let delivered = match message.kind.as_str() {
        LOGOUT_NOTICE => logout_notice::deliver(app, &message.payload).await,
        TEXT_MESSAGE if app.clock.now() >= message.give_up_at => Err(anyhow::anyhow!("it came too late")),
        TEXT_MESSAGE => text_message::deliver(app, &message.payload).await,
        other => Err(anyhow::anyhow!("unknown kind of message: {other}")),
    };
    let now = app.clock.now();
    match delivered {
        Ok(()) => {
            app.metrics.outbox_sent.inc();
            outbox::settle(&app.store, &message.id).await?;
        }
        Err(error) if now >= message.give_up_at => {
            app.metrics.outbox_failed.inc();
            tracing::error!(kind = message.kind, error = format!("{error:#}"), "a message was given up");
            outbox::settle(&app.store, &message.id).await?;
        }
        Err(error) => {
            app.metrics.outbox_failed.inc();
            tracing::warn!(kind = message.kind, error = format!("{error:#}"), "a message was not delivered");
            let exponent = u32::try_from(message.attempts).unwrap_or(u32::MAX).min(12);
            let wait = 2_u32.saturating_pow(exponent).min(LONGEST_WAIT);
            let told: String = format!("{error:#}").chars().take(200).collect();
            let again_at = now + Span::seconds(wait);
            outbox::retry_at(&app.store, &message.id, again_at, &told).await?;
            return Ok(Some(again_at));
        }
    }
    Ok(None)
}
