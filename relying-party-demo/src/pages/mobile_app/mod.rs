//! The pages of 办事通: scan a code, look at who asks, confirm or cancel.

pub mod confirm;
pub mod home;
pub mod scan;

use axum::http::HeaderMap;

use crate::cookies;
use crate::mobile_app::api::Failure;
use crate::mobile_app::refusal::Refusal;
use crate::portal::Portal;
use crate::problem::{Problem, Result};
use crate::relying_party::RelyingParty;
use crate::sessions::Session;

const APP: RelyingParty = RelyingParty::MobileApp;

/// Whoever is signed in to the app.
struct SignedIn {
    /// Of the session.
    id: String,
    session: Session,
}

impl SignedIn {
    fn find(portal: &Portal, headers: &HeaderMap) -> Option<Self> {
        let session = portal.session(APP, headers)?;
        let id = portal.cookies.read(headers, &cookies::session(APP))?;
        Some(Self { id: id.to_owned(), session })
    }

    /// For what only somebody who is signed in can do.
    fn required(portal: &Portal, headers: &HeaderMap) -> Result<Self> {
        Self::find(portal, headers).ok_or(Problem::SignInOver(APP))
    }

    /// The provider's refusal; where it no longer knows the sign-in, that has ended here, too.
    fn refusal(&self, portal: &Portal, failure: Failure) -> Result<Refusal> {
        match failure {
            Failure::Refused(refusal) => Ok(refusal),
            Failure::SignInOver => {
                portal.sessions.end(&self.id);
                Err(Problem::SignInOver(APP))
            }
        }
    }
}

#[cfg(test)]
mod tests;
