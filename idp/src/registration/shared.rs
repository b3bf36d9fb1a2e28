//! What both registrations have in common: the password, the agreements, and the end.

use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;
use url::form_urlencoded;

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

/// The query of every page here but the agreements'.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Query {
    /// The authorization request that waits for this visitor to have an account, and to sign in.
    request: String,
}

impl Query {
    /// A page that goes on with it: a portal that waits is not forgotten.
    pub fn link(&self, path: &str) -> String {
        urls::with_request(path, Some(&*self.request).filter(|request| !request.is_empty()))
    }

    /// Where an account of this kind signs in.
    pub fn sign_in(&self, kind: AccountKind) -> String {
        self.link(match kind {
            AccountKind::LegalEntity => urls::SIGN_IN_LEGAL_ENTITY,
            _ => urls::SIGN_IN_PERSONAL,
        })
    }
}

/// The links of a form's page.
pub struct Links {
    pub action: String,
    pub sign_in: String,
    /// 前往个人注册, or 前往企业注册.
    pub other: String,
}

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
    let entry = caller.event("registered", Some(new.id), new.kind.as_str());
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
    query: &Query,
    kind: AccountKind,
    proved: &ProvedPhone,
) -> web::Result<Response> {
    let index = app.vault.derive(Derived::PhoneIndex, proved.phone.as_str());
    let waiting = accounts::does_newest_wait(&app.store, kind, &index).await?;
    Ok(go_on(visitor, query, kind, waiting))
}

/// Where a finished registration leads.
pub fn go_on(visitor: &Visitor, query: &Query, kind: AccountKind, waiting: bool) -> Response {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("kind", kind.as_str());
    if waiting {
        pairs.append_pair("waiting", "1");
    }
    if !query.request.is_empty() {
        pairs.append_pair("request", &query.request);
    }
    visitor.go(&format!("{}?{}", urls::REGISTRATION_DONE, pairs.finish()))
}
