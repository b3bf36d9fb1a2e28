//! A ticket in the hand of the telephone that scanned it.

use anyhow::{Context, Result};

use super::browser::key;
use super::identity::{ActAs, identities};
use super::phone::{Phone, Refusal, open_to};
use super::{COME_IN, Choices, mask_address, stage_of};
use crate::app::App;
use crate::domain::qr_ticket::{Seen, Stage, View};
use crate::domain::timestamp::Timestamp;
use crate::domain::user_agent;
use crate::guard::credentials;
use crate::store::accounts;
use crate::store::qr_tickets::{self, Confirmation, TicketRow};

/// What a telephone shows before anybody confirms.
#[derive(Debug, Clone)]
pub struct Facts {
    /// `None`: no portal waits, the browser opens the account itself.
    pub portal_name: Option<String>,
    pub browser: String,
    pub system: String,
    /// Without its last part.
    pub address: String,
    /// The browser and this telephone come from the same address; `None` where that is not known of one of them.
    pub same_network: Option<bool>,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    pub numbers: [u8; 3],
    /// Somebody is signed in at the browser already, and asks for a second device to confirm.
    pub steps_up: bool,
}

/// What was decided on the telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Confirmed,
    Cancelled,
}

impl Decision {
    pub(super) const fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::Confirmed | Stage::Finished => Some(Self::Confirmed),
            Stage::Cancelled => Some(Self::Cancelled),
            Stage::Waiting | Stage::Scanned | Stage::Mismatched => None,
        }
    }
}

/// A ticket that this telephone has scanned: the only way to confirm or cancel one.
pub struct Scanned<'a> {
    phone: &'a Phone,
    row: TicketRow,
    pub decision: Option<Decision>,
    pub facts: Facts,
    pub identities: Vec<ActAs>,
}

impl<'a> Scanned<'a> {
    pub(super) async fn of(
        app: &App,
        phone: &'a Phone,
        row: TicketRow,
        decision: Option<Decision>,
    ) -> Result<Self> {
        let choices = Choices::parse(&row.choices).context("the numbers of a QR ticket")?;
        let facts = Facts {
            portal_name: Some(row.portal_name.clone()).filter(|name| !name.is_empty()),
            browser: user_agent::browser(&row.user_agent).unwrap_or_else(|| "未知浏览器".to_owned()),
            system: user_agent::system(&row.user_agent).unwrap_or("未知系统").to_owned(),
            address: mask_address(&row.address),
            same_network: [&row.address, &phone.caller.address]
                .iter()
                .all(|address| *address != "unknown")
                .then(|| row.address == phone.caller.address),
            asked_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            numbers: choices.numbers(),
            steps_up: row.wanted_account_id.is_some(),
        };
        let mut identities = identities(app, phone).await?;
        if let Some(wanted) = &row.wanted_account_id {
            identities.retain(|identity| identity.account_id == *wanted);
        }
        Ok(Self { phone, row, decision, facts, identities })
    }

    /// Confirms: the browser that shows `number` may come in as the identity with this id. Another number than it
    /// shows ends the ticket. To confirm the same again is right again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm(&self, app: &App, number: u8, identity: &str) -> Result<Result<(), Refusal>> {
        let Some(identity) = self.identities.iter().find(|known| known.id == identity) else {
            return Ok(Err(Refusal::IdentityNotAllowed));
        };
        let (now, scanner) = (app.clock.now(), self.phone.scanner());
        let mut tx = app.store.begin().await?;
        if qr_tickets::mismatch(&mut tx, &self.row.id_hash, scanner, number, now).await? {
            self.phone
                .note(app, &mut tx, &self.phone.session.account_id, "qr_wrong_number", &self.row)
                .await?;
            tx.commit().await?;
            self.tell(app, View::WrongNumber)?;
            return Ok(Err(Refusal::WrongNumber));
        }
        // As sure as the weaker of the two: the holder's proof opens the other account.
        let own = accounts::assurance(&mut tx, &identity.account_id).await?.unwrap_or_default();
        let assurance = match &identity.holder_id {
            Some(holder_id) => own.min(accounts::assurance(&mut tx, holder_id).await?.unwrap_or_default()),
            None => own,
        };
        // Nor surer than this telephone's own sign-in was.
        let assurance = assurance.min(credentials::level(&self.phone.session.acr));
        let confirmed_twice = self.facts.steps_up && assurance >= credentials::REGISTER_LEVEL;
        let level = if confirmed_twice { credentials::SECOND_DEVICE_LEVEL } else { assurance };
        let confirmation = Confirmation {
            id_hash: &self.row.id_hash,
            scanner,
            number,
            account_id: &identity.account_id,
            holder_id: identity.holder_id.as_deref(),
            acr: &credentials::acr(level),
            authenticated_at: self.phone.session.authenticated_at,
            now,
            until: now + COME_IN,
        };
        if !qr_tickets::confirm(&mut tx, &confirmation).await? {
            tx.rollback().await?;
            let is_same = |row: &TicketRow| {
                row.number == i64::from(number) && row.account_id.as_ref() == Some(&identity.account_id)
            };
            return self.decided_before(app, Decision::Confirmed, is_same).await;
        }
        self.phone.note(app, &mut tx, &identity.account_id, "qr_confirmed", &self.row).await?;
        let own_id = &self.phone.session.account_id;
        if identity.account_id != *own_id {
            self.phone.note(app, &mut tx, own_id, "qr_confirmed", &self.row).await?;
        }
        tx.commit().await?;
        self.tell(app, View::Confirmed)?;
        Ok(Ok(()))
    }

    /// Cancels: nobody comes in with this code. To cancel again is right again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, app: &App) -> Result<Result<(), Refusal>> {
        let mut tx = app.store.begin().await?;
        let now = app.clock.now();
        if !qr_tickets::cancel(&mut tx, &self.row.id_hash, self.phone.scanner(), now).await? {
            tx.rollback().await?;
            return self.decided_before(app, Decision::Cancelled, |_| true).await;
        }
        self.phone.note(app, &mut tx, &self.phone.session.account_id, "qr_cancelled", &self.row).await?;
        tx.commit().await?;
        self.tell(app, View::Cancelled)?;
        Ok(Ok(()))
    }

    fn tell(&self, app: &App, view: View) -> Result<()> {
        app.waiting.tell(&key(&self.row.id_hash)?, Seen { view, expires_at: app.clock.now() + COME_IN });
        Ok(())
    }

    /// A step was not taken: because this telephone has taken the same one before, which is as good, or why.
    async fn decided_before(
        &self,
        app: &App,
        wanted: Decision,
        is_same: impl Fn(&TicketRow) -> bool,
    ) -> Result<Result<(), Refusal>> {
        let row = qr_tickets::of_id(&app.store, &self.row.id_hash).await?;
        if let Some(row) = row.as_ref().filter(|row| self.phone.has_scanned(row) && is_same(row))
            && Decision::of(stage_of(row)?) == Some(wanted)
        {
            return Ok(Ok(()));
        }
        // Still scanned, still ours, still alive: then its session has ended.
        Ok(Err(open_to(app, self.phone, row)?.err().unwrap_or(Refusal::SignedOut)))
    }
}
