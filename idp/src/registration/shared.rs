//! What both registrations have in common: the password, the agreements, and the end.

use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;

use super::agreements;
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::principal::AccountKind;
use crate::guard::Caller;
use crate::guard::evidence::{self, Evidence};
use crate::guard::sms_code::{self, Purpose, Standing};
use crate::platform::vault::Purpose as Derived;
use crate::store::{accounts, audit};
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::phone::ProvedPhone;
use crate::web::{self, Errors, Visitor, urls};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ClosingFields {
    #[serde(flatten)]
    new_password: NewPasswordFields,
    agreed: String,
    agreement_version: String,
}

impl ClosingFields {
    /// Checks the password and the agreements; what is wrong joins the errors.
    pub fn check(&self, app: &App, context: &[String], errors: &mut Errors) {
        let policy = app.config.password.profile.registration();
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        self.new_password.check(policy, &context, new_password::FIRST, errors);
        if self.agreed != "yes" {
            errors.add("agreed", "请阅读并同意《注册协议》与《隐私政策》");
        } else if self.agreement_version != agreements::VERSION {
            errors.add("agreed", "协议已更新，请重新阅读并同意《注册协议》与《隐私政策》");
        }
    }

    pub const fn password(&self) -> &Password {
        self.new_password.password()
    }
}

/// Why there is no new account.
pub enum NoAccount {
    /// This very form was accepted before.
    AlreadyDone,
    /// The telephone's proof has expired.
    ProofExpired,
}

/// Whether the form has come before: then nothing of it is checked again.
///
/// # Errors
/// When the database fails.
pub async fn has_come_before(app: &App, caller: &Caller, proved: &ProvedPhone) -> anyhow::Result<bool> {
    let standing =
        sms_code::standing(app, caller, Purpose::Registration, &proved.phone, &proved.token).await?;
    Ok(standing == Standing::Spent)
}

/// Makes the account's row and all that every kind has: its consents, its place in the register's queue, its audit.
/// `Err` is why there is none.
///
/// # Errors
/// When the database fails.
pub async fn insert_account<Mismatch>(
    app: &App,
    tx: &mut AnyConnection,
    caller: &Caller,
    proved: &ProvedPhone,
    new: NewAccount<'_, Mismatch>,
) -> anyhow::Result<Result<(), NoAccount>> {
    match sms_code::spend(app, tx, caller, Purpose::Registration, &proved.phone, &proved.token).await? {
        Standing::Good => (),
        Standing::Spent => return Ok(Err(NoAccount::AlreadyDone)),
        Standing::Missing => return Ok(Err(NoAccount::ProofExpired)),
    }
    let now = app.clock.now();
    accounts::insert(tx, new.id, new.kind, Some(new.password_hash), new.evidence.assurance(), now).await?;
    let entry = audit::Entry {
        event: "registered",
        account_id: Some(new.id),
        client_id: None,
        address: &caller.address,
        user_agent: &caller.user_agent,
        detail: new.kind.as_str(),
    };
    audit::insert(tx, &entry, now).await?;
    agreements::record(tx, new.id, now).await?;
    if matches!(new.evidence, Evidence::Waiting) {
        evidence::ask_later(app, tx, new.id, false).await?;
    }
    Ok(Ok(()))
}

pub struct NewAccount<'a, Mismatch> {
    pub id: &'a str,
    pub kind: AccountKind,
    pub password_hash: &'a str,
    pub evidence: &'a Evidence<Mismatch>,
}

/// Where the same form leads when it comes again: the answer is the first one's.
///
/// # Errors
/// When the database fails.
pub async fn go_on_as_before(
    app: &App,
    visitor: &Visitor,
    kind: AccountKind,
    proved: &ProvedPhone,
) -> web::Result<Response> {
    let index = app.vault.derive(Derived::PhoneIndex, proved.phone.as_str());
    let waiting = accounts::does_newest_wait(&app.store, kind, &index).await?;
    Ok(go_on(visitor, kind, waiting))
}

/// Where a finished registration leads.
pub fn go_on(visitor: &Visitor, kind: AccountKind, waiting: bool) -> Response {
    let waiting = if waiting { "&waiting=1" } else { "" };
    visitor.go(&format!("{}?kind={}{waiting}", urls::REGISTRATION_DONE, kind.as_str()))
}
