//! An authorization request that waits for its visitor: named in the URL, bound to one browser, so that two sign-ins
//! in two tabs do not disturb each other.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Caller;
use super::qr::COME_IN;
use crate::app::App;
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;
use crate::store::authorization_requests;

/// What the sign-in pages need to know of a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Display {
    pub portal_name: String,
    /// The origin that the visitor is sent to in the end.
    pub form_target: Option<String>,
    pub login_hint: Option<String>,
    /// The portal wants a fresh sign-in although somebody is signed in.
    pub again: bool,
    /// How many seconds old a sign-in may be that the portal accepts; 0: not older than the request.
    pub max_age: Option<u32>,
    /// Which page to open: the `account_type` that the portal asked for.
    pub account_type: Option<String>,
    /// The unit that the portal wants its visitor to act for: an id or a credit code.
    pub acting_for: Option<String>,
    /// The portal asks for more than a password: a second device is to confirm it.
    pub second_device: bool,
    /// No portal waits, but this page of ours does.
    pub return_to: Option<String>,
    /// Whoever signs in does so at the telephone that is to scan.
    pub at_telephone: bool,
    /// The visitor was signed in, and that has ended.
    pub timed_out: bool,
}

impl Display {
    /// Why somebody who was signed in is to sign in again.
    pub const fn why_again(&self) -> Option<&'static str> {
        match (self.timed_out, self.again) {
            (true, _) => Some("登录超时，请重新登录"),
            (false, true) => Some("请重新登录以确认身份"),
            (false, false) => None,
        }
    }

    /// No telephone can have signed in so shortly ago, unless for this very request.
    pub fn wants_new_sign_in(&self) -> bool {
        self.max_age.is_some_and(|most| Span::seconds(most) <= COME_IN)
    }

    /// Where a telephone is to confirm what was begun here, or is what one sits at, it can't be how one begins.
    pub const fn needs_password(&self) -> bool {
        self.second_device || self.at_telephone
    }
}

const FIELD: &str = "authorization_requests.parameters";

/// A pending request.
pub struct Pending {
    pub id: String,
    pub display: Display,
    /// The request itself, as oidc/ wrote it.
    pub request: serde_json::Value,
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    display: Display,
    request: serde_json::Value,
}

/// Keeps the page of a telephone that has scanned, so that whoever has to sign in first comes back to it; gives the id.
///
/// # Errors
/// When the database fails.
pub async fn keep_scan(app: &App, caller: &Caller, name: &str, path: String) -> Result<String> {
    let portal_name = name.to_owned();
    let display = Display { portal_name, return_to: Some(path), at_telephone: true, ..Display::default() };
    keep(app, caller, display, serde_json::Value::Null).await
}

/// Keeps the page that a visitor asked for whose session has ended; gives the id.
///
/// # Errors
/// When the database fails.
pub async fn keep_page(app: &App, caller: &Caller, path: String) -> Result<String> {
    let display = Display { return_to: Some(path), timed_out: true, ..Display::default() };
    keep(app, caller, display, serde_json::Value::Null).await
}

/// Keeps a request that a page of ours answers, which is told its id; gives the id.
///
/// # Errors
/// When the database fails.
pub async fn keep_for_page(
    app: &App,
    caller: &Caller,
    name: &str,
    page: &str,
    request: serde_json::Value,
) -> Result<String> {
    let id = random::token();
    let return_to = Some(format!("{page}?request={id}"));
    let display = Display { portal_name: name.to_owned(), return_to, ..Display::default() };
    insert(app, caller, &id, display, request).await?;
    Ok(id)
}

/// Keeps a request for the caller's browser; gives its id.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    app: &App,
    caller: &Caller,
    display: Display,
    request: serde_json::Value,
) -> Result<String> {
    let id = random::token();
    insert(app, caller, &id, display, request).await?;
    Ok(id)
}

async fn insert(
    app: &App,
    caller: &Caller,
    id: &str,
    display: Display,
    request: serde_json::Value,
) -> Result<()> {
    let now = app.clock.now();
    // Sealed: a login_hint is often a telephone or document number.
    let parameters = serde_json::to_string(&Stored { display, request })?;
    let parameters = random::base64url(&app.vault.seal(FIELD, id, &parameters)?);
    let until = now + Span::minutes(app.config.sign_in.request_minutes);
    let id_hash = random::hash(id);
    authorization_requests::insert(&app.store, &id_hash, &caller.device_hash, &parameters, now, until)
        .await?;
    Ok(())
}

/// The request of this id, if this browser made it and it has not expired.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, caller: &Caller, id: &str) -> Result<Option<Pending>> {
    let found =
        authorization_requests::find(&app.store, &random::hash(id), &caller.device_hash, app.clock.now())
            .await?;
    let Some((parameters, created_at)) = found else { return Ok(None) };
    let parameters = app.vault.open_text(FIELD, id, &URL_SAFE_NO_PAD.decode(parameters)?)?;
    let stored: Stored = serde_json::from_str(&parameters)?;
    Ok(Some(Pending {
        id: id.to_owned(),
        display: stored.display,
        request: stored.request,
        created_at: Timestamp::from_millis(created_at),
    }))
}
