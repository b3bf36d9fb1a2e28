//! The one way through both registrations: read the form, prove the telephone, ask the register, make the account once.

use axum::response::Response;
use sqlx::AnyConnection;

use super::shared::{self, ClosingFields, NewAccount, Query};
use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::evidence::Evidence;
use crate::guard::lookups::{self, Question};
use crate::guard::new_password;
use crate::guard::sms_code::{CodeRefusal, Purpose};
use crate::store::is_duplicate;
use crate::web::phone::{PhoneFields, ProvedPhone};
use crate::web::{self, Errors, Visitor};

/// A field, and what is wrong with it.
pub type Wrong = (&'static str, String);

/// A registration's form: what is different between a unit's and a person's.
pub trait Form: Sized {
    const KIND: AccountKind;
    /// The account to be.
    type Account;

    fn phone(&mut self) -> &mut PhoneFields;

    fn closing(&self) -> &ClosingFields;

    /// Every field but telephone and password, in the page's order; what is wrong joins the errors.
    fn read(&self, app: &App, errors: &mut Errors) -> Option<Self::Account>;

    /// What the password must not contain: what was typed, in the form in which it is stored.
    fn context(&self) -> Vec<String>;

    /// The page, with what was typed.
    async fn show(
        &self,
        app: &App,
        visitor: &Visitor,
        query: &Query,
        errors: Errors,
        notice: Option<String>,
    ) -> web::Result<Response>;

    fn set_phone(account: &mut Self::Account, phone: String);

    fn id(account: &Self::Account) -> &str;

    /// What questions about it are counted by.
    fn about(account: &Self::Account) -> String;

    /// What belongs to another account already; told to nobody who has not proved a telephone.
    async fn taken(app: &App, account: &Self::Account) -> anyhow::Result<Errors>;

    async fn evidence(app: &App, account: &Self::Account) -> Evidence<Wrong>;

    async fn insert(app: &App, tx: &mut AnyConnection, account: &Self::Account) -> anyhow::Result<()>;
}

/// What came of a form that was well-formed.
enum Outcome {
    /// The account is there, or waits for its register.
    Done { waiting: bool },
    /// This very form was accepted before.
    AlreadyDone,
    /// The telephone's proof has expired.
    ProofExpired,
    /// By what belongs to another account, or by a register.
    Refused(Errors),
    /// Nothing is wrong with the form.
    NotNow(Errors),
}

impl From<shared::NoAccount> for Outcome {
    fn from(reason: shared::NoAccount) -> Self {
        match reason {
            shared::NoAccount::AlreadyDone => Self::AlreadyDone,
            shared::NoAccount::ProofExpired => Self::ProofExpired,
        }
    }
}

/// Answers a POST of the form, whichever of its buttons was pressed. Handlers do it in `app.begun`: a question that is
/// counted is answered or taken back, also if the visitor is gone.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn answer<F: Form>(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    mut form: F,
) -> web::Result<Response> {
    if !form.phone().is_submission() {
        return match form.phone().press_button(app, visitor, Purpose::Registration).await? {
            Ok(notice) => form.show(app, visitor, query, Errors::none(), notice).await,
            Err(errors) => form.show(app, visitor, query, errors, None).await,
        };
    }
    let mut errors = Errors::none();
    let account = form.read(app, &mut errors);
    let proved = form.phone().prove(app, visitor, Purpose::Registration, &mut errors).await?;
    if let Some(proved) = proved.as_ref().filter(|proved| proved.spent) {
        return shared::go_on_as_before(app, visitor, query, F::KIND, proved).await;
    }
    form.closing().check(app, &form.context(), &mut errors);
    let (Some(mut account), Some(proved), false) = (account, proved, errors.any()) else {
        return form.show(app, visitor, query, errors, None).await;
    };
    F::set_phone(&mut account, proved.phone.as_str().to_owned());
    match register(app, visitor, &account, &proved, &form).await? {
        Outcome::Done { waiting } => Ok(shared::go_on(visitor, query, F::KIND, waiting)),
        Outcome::AlreadyDone => shared::go_on_as_before(app, visitor, query, F::KIND, &proved).await,
        Outcome::ProofExpired => {
            form.phone().forget_proof();
            let errors = Errors::none().at("phone_code", CodeRefusal::Expired.to_string());
            form.show(app, visitor, query, errors, None).await
        }
        Outcome::Refused(errors) | Outcome::NotNow(errors) => {
            form.show(app, visitor, query, errors, None).await
        }
    }
}

/// What the script beside the fields asks while the form is being filled in. It knows the rules of form only; nothing is
/// looked up, kept or logged.
pub fn check<F: Form>(app: &App, mut form: F) -> Response {
    let mut errors = Errors::none();
    form.read(app, &mut errors);
    form.phone().check_form(&mut errors);
    errors.told()
}

/// What is refused tells whose the names are, and what the registers say: not as often as one likes.
async fn register<F: Form>(
    app: &App,
    visitor: &Visitor,
    account: &F::Account,
    proved: &ProvedPhone,
    form: &F,
) -> anyhow::Result<Outcome> {
    let (caller, kind) = (&visitor.caller, F::KIND.as_str());
    let question = Question { who: proved.phone.as_str(), about: &F::about(account) };
    let asked = match question.ask(app, caller).await? {
        Ok(asked) => asked,
        Err(_) if shared::has_come_before(app, caller, proved).await? => return Ok(Outcome::AlreadyDone),
        Err(too_often) => {
            let detail = format!("{kind} limit");
            lookups::note_refusal(app, caller, "registration_refused", None, &detail).await?;
            return Ok(Outcome::NotNow(Errors::whole(too_often.to_string())));
        }
    };
    let outcome = try_to_register(app, visitor, account, proved, form).await;
    if let Ok(Outcome::Refused(errors)) = &outcome {
        let detail = errors.each().fold(kind.to_owned(), |detail, (field, _)| format!("{detail} {field}"));
        lookups::note_refusal(app, caller, "registration_refused", None, &detail).await?;
    } else {
        asked.take_back(app).await?;
    }
    outcome
}

/// The rule: asks the register, and makes the account, once.
async fn try_to_register<F: Form>(
    app: &App,
    visitor: &Visitor,
    account: &F::Account,
    proved: &ProvedPhone,
    form: &F,
) -> anyhow::Result<Outcome> {
    if let Some(outcome) = taken::<F>(app, visitor, account, proved).await? {
        return Ok(outcome);
    }
    let evidence = F::evidence(app, account).await;
    if let Evidence::Refused((field, message)) = evidence {
        return Ok(Outcome::Refused(Errors::none().at(field, message)));
    }
    let hash = match new_password::hash(app, form.closing().password()).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Outcome::NotNow(Errors::none().at("new_password", refusal.to_string()))),
    };
    match store::<F>(app, visitor, account, proved, &hash, &evidence).await {
        // Somebody else was faster by a moment. If neither the document nor a name is theirs, it was the telephone,
        // which they have now and lose to whoever proved it last, or a name that was drawn.
        Err(error) if error.downcast_ref().is_some_and(is_duplicate) => {
            match taken::<F>(app, visitor, account, proved).await? {
                Some(outcome) => Ok(outcome),
                None => store::<F>(app, visitor, account, proved, &hash, &evidence).await,
            }
        }
        outcome => outcome,
    }
}

/// One transaction: the proof is used up, and the account is there.
async fn store<F: Form>(
    app: &App,
    visitor: &Visitor,
    account: &F::Account,
    proved: &ProvedPhone,
    password_hash: &str,
    evidence: &Evidence<Wrong>,
) -> anyhow::Result<Outcome> {
    let mut tx = app.store.begin().await?;
    let new = NewAccount { id: F::id(account), kind: F::KIND, password_hash, evidence };
    if let Err(reason) = shared::insert_account(app, &mut tx, &visitor.caller, proved, new).await? {
        tx.rollback().await?;
        return Ok(reason.into());
    }
    F::insert(app, &mut tx, account).await?;
    tx.commit().await?;
    Ok(Outcome::Done { waiting: matches!(evidence, Evidence::Waiting) })
}

async fn taken<F: Form>(
    app: &App,
    visitor: &Visitor,
    account: &F::Account,
    proved: &ProvedPhone,
) -> anyhow::Result<Option<Outcome>> {
    let errors = F::taken(app, account).await?;
    // Asked last: a form that was accepted between the two questions is no stranger's.
    if shared::has_come_before(app, &visitor.caller, proved).await? {
        return Ok(Some(Outcome::AlreadyDone));
    }
    Ok(errors.any().then_some(Outcome::Refused(errors)))
}
