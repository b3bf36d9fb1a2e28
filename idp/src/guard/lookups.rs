//! Forms that tell whether there is an account, or what a register knows: 企业注册, 个人注册, 添加经办人. What they refuse is
//! an answer to whoever asks about others, so that it is counted, and recorded.

use anyhow::Result;

use super::Caller;
use super::rate_limit::Limit;
use crate::app::App;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::store::{attempts, audit};

const HOUR: Span = Span::hours(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("操作过于频繁，请稍后再试")]
pub struct TooOften;

/// Asked by submitting a form.
pub struct Question<'a> {
    /// Whose it is: a proved telephone, or an account.
    pub who: &'a str,
    /// The credit code, or the document, that it is about.
    pub about: &'a str,
}

impl Question<'_> {
    /// Counts it, before it is answered; one that is not answered is not counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(&self, app: &App, caller: &Caller) -> Result<Result<Asked, TooOften>> {
        let limits = self.limits(app, caller);
        let buckets = limits.each_ref().map(|(limit, whom)| limit.bucket(app, whom));
        let now = app.clock.now();
        let counts = attempts::add_to_each(&app.store, &buckets, now, HOUR).await?;
        let is_within = |most: u32, bucket: &String| {
            counts.iter().any(|(counted, count)| counted == bucket && *count <= i64::from(most))
        };
        if !limits.iter().zip(&buckets).all(|((limit, _), bucket)| is_within(limit.most, bucket)) {
            // Whoever has had all tries here uses up nobody's elsewhere.
            attempts::take_back_from_each(&app.store, &buckets, now).await?;
            return Ok(Err(TooOften));
        }
        Ok(Ok(Asked { buckets }))
    }

    fn limits(&self, app: &App, caller: &Caller) -> [(Limit, String); 4] {
        let device = random::base64url(&caller.device_hash);
        // A hall's address is many people's. Each question rests on a code that was asked for there.
        let at_address = app.config.sms.address_hour;
        [
            (Limit { what: "lookup-address", most: at_address, window: HOUR }, caller.address.clone()),
            (Limit { what: "lookup-device", most: 10, window: HOUR }, device),
            (Limit { what: "lookup-who", most: 10, window: HOUR }, self.who.to_owned()),
            (Limit { what: "lookup-about", most: 10, window: HOUR }, self.about.to_owned()),
        ]
    }
}

/// A question that was counted.
pub struct Asked {
    buckets: [String; 4],
}

impl Asked {
    /// It was no question after all: nothing was refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_back(&self, app: &App) -> Result<()> {
        Ok(attempts::take_back_from_each(&app.store, &self.buckets, app.clock.now()).await?)
    }
}

/// Records a refusal. `detail` says what was wrong, and nothing of what was typed.
///
/// # Errors
/// When the database fails.
pub async fn note_refusal(
    app: &App,
    caller: &Caller,
    event: &str,
    account_id: Option<&str>,
    detail: &str,
) -> Result<()> {
    let entry = caller.event(event, account_id, detail);
    let mut tx = app.store.begin().await?;
    audit::insert(&mut tx, &entry, app.clock.now()).await?;
    Ok(tx.commit().await?)
}
