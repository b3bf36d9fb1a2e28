//! 个人注册: a person registers for themselves.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::shared::{self, ClosingFields, NewAccount, Outcome};
use crate::app::App;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, Person};
use crate::guard::evidence::{self, Evidence};
use crate::guard::new_password;
use crate::guard::sms_code::Purpose;
use crate::platform::random;
use crate::store::{is_duplicate, phones, principals};
use crate::web::document::{DocumentFields, ReadDocument};
use crate::web::phone::{PhoneFields, PhoneView, ProvedPhone};
use crate::web::{self, Errors, Frame, SafeForm, Visitor};

#[derive(Template)]
#[template(path = "registration/personal.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    form: &'a Form,
    phone: PhoneView,
    password_hint: String,
    agreement_version: &'static str,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    person_name: String,
    #[serde(flatten)]
    document: DocumentFields,
    #[serde(flatten)]
    phone: PhoneFields,
    #[serde(flatten)]
    closing: ClosingFields,
}

/// A form whose every field is as it must be.
struct Registration {
    name: PersonName,
    document: ReadDocument,
}

/// 个人信息保护法, article 31: younger children's data need a guardian's consent, which a form can't take.
const MIN_AGE: u32 = 14;

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor) -> web::Result<Response> {
    show(&app, &visitor, &Form::default(), Errors::none(), None).await
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    SafeForm(mut form): SafeForm<Form>,
) -> web::Result<Response> {
    if !form.phone.is_submission() {
        return match form.phone.press_button(&app, &visitor, Purpose::Registration).await? {
            Ok(notice) => show(&app, &visitor, &form, Errors::none(), notice).await,
            Err(errors) => show(&app, &visitor, &form, errors, None).await,
        };
    }
    let mut errors = Errors::none();
    let registration = form.read(&app, &mut errors);
    let proved = match form.phone.prove(&app, &visitor, Purpose::Registration).await? {
        Ok(proved) => Some(proved),
        Err((field, message)) => {
            errors.add(field, message);
            None
        }
    };
    if proved.as_ref().is_some_and(|proved| proved.spent) {
        return Ok(shared::go_on(&visitor, AccountKind::Person, false));
    }
    form.closing.check(&app, &form.context(), &mut errors);
    let (Some(registration), Some(proved), false) = (registration, proved, errors.any()) else {
        return show(&app, &visitor, &form, errors, None).await;
    };
    match register(&app, &visitor, &registration, &proved, &form).await? {
        Outcome::Done { waiting } => Ok(shared::go_on(&visitor, AccountKind::Person, waiting)),
        Outcome::AlreadyDone => Ok(shared::go_on(&visitor, AccountKind::Person, false)),
        Outcome::ProofExpired => {
            form.phone.forget_proof();
            let errors = Errors::none().at("phone_code", "验证码已失效，请重新获取");
            show(&app, &visitor, &form, errors, None).await
        }
        Outcome::Refused(errors) => show(&app, &visitor, &form, errors, None).await,
    }
}

impl Form {
    /// Every field, in the page's order.
    fn read(&self, app: &App, errors: &mut Errors) -> Option<Registration> {
        let today = app.clock.now().china_date();
        let name = errors.take("person_name", &self.person_name, "请输入姓名", PersonName::parse);
        let document = self.document.read("本人", MIN_AGE, today, errors);
        Some(Registration { name: name?, document: document? })
    }

    /// What the password must not contain.
    fn context(&self) -> Vec<&str> {
        let number = self.document.document_number.trim();
        let tail = number.get(number.len().saturating_sub(6)..).unwrap_or_default();
        vec![self.phone.typed().trim(), tail]
    }
}

/// The rule: asks the register, and makes the account, once.
async fn register(
    app: &App,
    visitor: &Visitor,
    registration: &Registration,
    proved: &ProvedPhone,
    form: &Form,
) -> anyhow::Result<Outcome> {
    let person = registration.person(proved);
    if let Some(outcome) = taken(app, visitor, &person, proved).await? {
        return Ok(outcome);
    }
    let evidence = match &person.document {
        Some(document) => evidence::of_person(app, &person.name, document).await,
        None => Evidence::FormatOnly,
    };
    if let Evidence::Refused(mismatch) = evidence {
        return Ok(Outcome::Refused(Errors::none().at("document_number", mismatch.to_string())));
    }
    let hash = match new_password::hash(app, form.closing.password()).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Outcome::Refused(Errors::none().at(refusal.field(), refusal.to_string()))),
    };
    let mut tx = app.store.begin().await?;
    let new =
        NewAccount { id: &person.id, kind: AccountKind::Person, password_hash: &hash, evidence: &evidence };
    if let Err(outcome) = shared::insert_account(app, &mut tx, &visitor.caller, proved, new).await? {
        tx.rollback().await?;
        return Ok(outcome);
    }
    // Whoever had this number before has it no longer: it was proved a moment ago.
    phones::release_from_persons(&mut tx, &app.vault, proved.phone.as_str(), app.clock.now()).await?;
    match principals::insert_person(&mut tx, &app.vault, &person).await {
        Ok(()) => tx.commit().await?,
        // Somebody else was faster by a moment.
        Err(error) if error.downcast_ref().is_some_and(is_duplicate) => {
            drop(tx);
            let outcome = taken(app, visitor, &person, proved).await?;
            return outcome.ok_or(error);
        }
        Err(error) => return Err(error),
    }
    Ok(Outcome::Done { waiting: evidence == Evidence::Waiting })
}

/// Whether the document has an account; told to nobody who has not proved a telephone.
async fn taken(
    app: &App,
    visitor: &Visitor,
    person: &Person,
    proved: &ProvedPhone,
) -> anyhow::Result<Option<Outcome>> {
    let found = match &person.document {
        Some(document) => principals::is_person_known(&app.store, &app.vault, document).await?,
        None => false,
    };
    if shared::has_come_before(app, &visitor.caller, proved).await? {
        return Ok(Some(Outcome::AlreadyDone));
    }
    let text = "该证件号码已注册，请直接登录，忘记密码可找回，如非本人注册请进行账号申诉";
    Ok(found.then(|| Outcome::Refused(Errors::none().at("document_number", text))))
}

impl Registration {
    fn person(&self, proved: &ProvedPhone) -> Person {
        Person {
            id: random::id(),
            // Nobody chooses it: persons sign in by telephone or document, too.
            login_name: format!("u{}", random::text(b"0123456789", 10)),
            name: self.name.as_str().to_owned(),
            document: Some((&self.document.document).into()),
            document_validity: Some(self.document.validity),
            phone: Some(proved.phone.as_str().to_owned()),
        }
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    form: &Form,
    errors: Errors,
    notice: Option<String>,
) -> web::Result<Response> {
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        errors,
        form,
        phone: form.phone.view(app, Purpose::Registration, notice).await?,
        password_hint: app.config.password.profile.registration().hint(),
        agreement_version: super::agreements::VERSION,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
