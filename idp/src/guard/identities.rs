//! Whom to act for: a person may have an account of their own and be operator of several units.
//!
//! Whoever signed in with their own password as a person may act as any of them. An operator's password was set by the
//! unit, so an operator proves the telephone first: else whoever manages one unit could act for another.

use anyhow::Result;

use super::sessions::{self, Proof, Session};
use super::sms_code::{self, Purpose};
use super::{Caller, credentials};
use crate::app::App;
use crate::domain::mask;
use crate::domain::phone::Phone;
use crate::domain::principal::Principal;
use crate::domain::timestamp::Timestamp;
use crate::platform::vault::Purpose as Derived;
use crate::store::identities::{self, IdentityRow};
use crate::store::operators::changes;
use crate::store::principals::{self, document_index};
use crate::store::{accounts, audit, sessions as session_rows};

/// One of the accounts to act through.
#[derive(Debug, Clone)]
pub struct Identity {
    pub account_id: String,
    /// `None`: the person themselves.
    pub unit: Option<Unit>,
    assurance: i64,
    valid_until: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct Unit {
    pub id: String,
    pub name: String,
    pub credit_code: String,
    pub department: String,
}

/// What a session may choose from.
pub struct Choice {
    /// Whose proof the session rests on.
    pub holder_id: String,
    pub masked_name: String,
    pub phone: Option<Phone>,
    pub identities: Vec<Identity>,
    /// A code to the telephone comes first.
    pub needs_code: bool,
    /// A code to the telephone was proved for this.
    used_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("请选择办事身份")]
    NoneChosen,
    #[error("该身份已失效，请重新选择")]
    Unavailable,
    #[error("请先验证手机号码")]
    CodeFirst,
}

impl Choice {
    /// The code to the telephone was right.
    pub const fn note_code(&mut self) {
        self.needs_code = false;
        self.used_code = true;
    }
}

impl Identity {
    /// Whether a portal that asks for `wanted` (an id or a credit code) means this one.
    pub fn acts_for(&self, wanted: &str) -> bool {
        self.unit.as_ref().is_some_and(|unit| unit.id == wanted || unit.credit_code == wanted)
    }
}

/// What a session may choose from; nothing for a unit's own account.
///
/// # Errors
/// When the database fails.
pub async fn of_session(app: &App, caller: &Caller, session: &Session) -> Result<Option<Choice>> {
    let holder_id = session.holder_id.as_deref().unwrap_or(&session.account_id);
    let (is_operator, name, document, phone) =
        match principals::find(&app.store, &app.vault, holder_id).await? {
            Some(Principal::Person(person)) => (false, person.name, person.document, person.phone),
            Some(Principal::Operator { operator, .. }) => {
                (true, operator.name, Some(operator.document), Some(operator.phone))
            }
            Some(Principal::LegalEntity(_)) | None => return Ok(None),
        };
    let found = match (&document, &phone) {
        (Some(document), Some(phone)) => {
            let document = document_index(&app.vault, document);
            let phone = app.vault.derive(Derived::PhoneIndex, phone);
            identities::of_person(&app.store, &document, &phone, app.clock.now()).await?
        }
        _ => Vec::new(),
    };
    let phone = phone.and_then(|phone| Phone::parse(&phone).ok());
    let used_code = match &phone {
        Some(phone) => sms_code::is_proved(app, caller, Purpose::ChooseIdentity, phone, &session.sid).await?,
        None => false,
    };
    let proved = used_code || session.amr.split(' ').any(|method| method == "sms");
    Ok(Some(Choice {
        holder_id: holder_id.to_owned(),
        masked_name: mask::name(&name),
        phone,
        identities: found.into_iter().map(Identity::from).collect(),
        needs_code: is_operator && !proved,
        used_code,
    }))
}

/// Acts through another account from now on; gives the new cookie's token, if there is a new one. The session before
/// ends, and its portals are told: nobody goes on as somebody else without noticing.
///
/// # Errors
/// When the database fails.
pub async fn choose(
    app: &App,
    caller: &Caller,
    (token, session): (Option<&str>, &Session),
    choice: &Choice,
    account_id: &str,
) -> Result<Result<Option<String>, Refusal>> {
    if account_id.is_empty() {
        return Ok(Err(Refusal::NoneChosen));
    }
    let here = account_id == session.account_id;
    let identity = choice.identities.iter().find(|identity| identity.account_id == account_id);
    let mut tx = app.store.begin().await?;
    // Whatever ends an account holds it first: it comes before this, or waits and then ends what this begins.
    changes::hold_all(&mut tx, [choice.holder_id.as_str(), account_id]).await?;
    if !session_rows::hold(&mut tx, &session.sid).await? {
        // It has ended since it was looked at: for good, or through this very form that came twice. The cookie tells.
        tx.rollback().await?;
        return Ok(Ok(None));
    }
    let entry = caller.event("identity_chosen", Some(account_id), &choice.holder_id);
    if here {
        audit::insert(&mut tx, &entry, app.clock.now()).await?;
        tx.commit().await?;
        return Ok(Ok(None));
    }
    let Some(identity) = identity else {
        tx.rollback().await?;
        return Ok(Err(Refusal::Unavailable));
    };
    if choice.needs_code {
        tx.rollback().await?;
        return Ok(Err(Refusal::CodeFirst));
    }
    // As sure as the weaker of the two: the holder's proof opens the other account.
    let holder = accounts::assurance(&mut tx, &choice.holder_id).await?.unwrap_or(identity.assurance);
    let acr = credentials::acr(identity.assurance.min(holder));
    let says_so = session.amr.split(' ').any(|method| method == "sms");
    let amr = if choice.used_code && !says_so { &format!("{} sms", session.amr) } else { &session.amr };
    let proof = Proof {
        account_id: &identity.account_id,
        holder_id: Some(&choice.holder_id),
        acr: &acr,
        amr,
        password_set_at: None,
        authenticated_at: Some(session.authenticated_at),
        signed_in_at: Some(session.signed_in_at),
        valid_until: identity.valid_until,
    };
    let Some(new) = sessions::start(app, &mut tx, caller, token, &proof).await? else {
        tx.rollback().await?;
        return Ok(Err(Refusal::Unavailable));
    };
    audit::insert(&mut tx, &entry, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Ok(Some(new)))
}

impl From<IdentityRow> for Identity {
    fn from(row: IdentityRow) -> Self {
        let unit = row.unit_id.zip(row.unit_name).zip(row.credit_code);
        Self {
            account_id: row.account_id,
            unit: unit.map(|((id, name), credit_code)| Unit {
                id,
                name,
                credit_code,
                department: row.department.unwrap_or_default(),
            }),
            assurance: row.assurance,
            valid_until: row.valid_until.map(Timestamp::from_millis),
        }
    }
}
