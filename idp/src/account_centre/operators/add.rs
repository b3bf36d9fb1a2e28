//! 添加: names a person to act for the unit. The account's telephone has been proved before (验证信息); the operator's
//! own is proved here.

mod person;
mod store;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use self::person::Person;
use self::store::Outcome;
use super::access::{Manager, done_url, verify_url};
use super::password::password_context;
use super::rights::{Limits, MANAGEMENT, Rights, VALIDITIES};
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::domain::document_type::DocumentType;
use crate::domain::principal::Operator;
use crate::domain::timestamp::Timestamp;
use crate::guard::evidence::{self, Evidence};
use crate::guard::lookups::{self, Question};
use crate::guard::new_password as guarded;
use crate::guard::sms_code::{CodeRefusal, Purpose};
use crate::platform::random;
use crate::web::new_password::{self, NewPasswordFields};
use crate::web::phone::{PhoneFields, PhoneView};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/operators/add.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    form: &'a Form,
    phone: PhoneView,
    document_types: Vec<(&'static str, &'static str)>,
    validities: [(&'static str, &'static str); 2],
    management: [(&'static str, &'static str); 2],
    password_hint: String,
    /// Where to prove the account's telephone once more, if that has run out.
    verify_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    name: String,
    document_type: String,
    document_number: String,
    #[serde(flatten)]
    phone: PhoneFields,
    /// The representative's own telephone is meant.
    same_phone: String,
    #[serde(flatten)]
    new_password: NewPasswordFields,
    #[serde(flatten)]
    rights: Rights,
}

const PURPOSE: Purpose = Purpose::OperatorPhone;

/// # Errors
/// When the database fails, or the visitor may not manage operators.
pub async fn get(State(app): State<App>, visitor: Visitor, manager: Manager) -> web::Result<Response> {
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(urls::ACCOUNT_OPERATORS_ADD)));
    }
    let form = Form {
        document_type: DocumentType::ResidentId.code().to_owned(),
        rights: Rights::for_new(manager.own_end()),
        ..Form::default()
    };
    show(&app, &visitor, &manager, &form, Errors::none(), Said::Nothing).await
}

/// # Errors
/// As [`get`], or when the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    // A question that is counted is answered or taken back, also if the visitor is gone.
    let begun = app.clone();
    begun.begun.finish(async move { answer(&app, &visitor, &manager, form).await }).await
}

async fn answer(app: &App, visitor: &Visitor, manager: &Manager, mut form: Form) -> web::Result<Response> {
    if !manager.is_verified(app, visitor).await? {
        let errors = Errors::whole("验证信息已失效，请重新验证后再提交");
        return show(app, visitor, manager, &form, errors, Said::VerifyAgain).await;
    }
    if !form.phone.is_submission() {
        let (errors, said) = match form.phone.press_button(app, visitor, PURPOSE).await? {
            Ok(Some(notice)) => (Errors::none(), Said::CodeSent(notice)),
            Ok(None) => (Errors::none(), Said::Nothing),
            Err(errors) => (errors, Said::Nothing),
        };
        return show(app, visitor, manager, &form, errors, said).await;
    }
    match submit(app, visitor, manager, &mut form).await? {
        Ok(done) => Ok(visitor.go(&done_url(done, ""))),
        Err(errors) => show(app, visitor, manager, &form, errors, Said::Nothing).await,
    }
}

/// POST of what is filled in so far, by the script.
pub async fn check(State(app): State<App>, manager: Manager, SafeForm(form): SafeForm<Form>) -> Response {
    let now = app.clock.now();
    let (mut errors, _) = form.person(&app, now);
    form.phone.check_form(&mut errors);
    form.rights.read(&Limits { now, own_end: manager.own_end(), present: None }, errors).0.told()
}

impl Form {
    /// Who is to be added, unless something is wrong.
    fn person(&self, app: &App, now: Timestamp) -> (Errors, Option<Person>) {
        let min_age = app.config.accounts.min_age;
        Person::read(min_age, &self.name, &self.document_type, &self.document_number, now, Errors::none())
    }
}

/// Checks everything before anything is refused, so that one answer tells all that is wrong. Gives what the list is to
/// say.
async fn submit(
    app: &App,
    visitor: &Visitor,
    manager: &Manager,
    form: &mut Form,
) -> web::Result<Result<&'static str, Errors>> {
    let now = app.clock.now();
    let (mut errors, person) = form.person(app, now);
    let proved = form.phone.prove(app, visitor, PURPOSE, &mut errors).await?;
    let phone = proved.as_ref().map(|proved| proved.phone.as_str().to_owned());
    if phone.is_some() && phone == manager.unit.phone && form.same_phone != "yes" {
        errors = errors.at("same_phone", "经办人手机号与法定代表人手机号相同，请确认");
    }
    let draft = Operator {
        id: random::id(),
        name: person.as_ref().map(|person| person.name.clone()).unwrap_or_default(),
        document: person.as_ref().map_or_else(person::nobodys, |person| person.document.clone()),
        phone: phone.unwrap_or_default(),
        department: String::new(),
        may_manage: false,
        valid_from: now,
        valid_until: None,
        frozen: false,
    };
    let policy = app.config.password.profile.registration();
    let context = password_context(manager, &draft);
    form.new_password.check(policy, &context, new_password::FIRST, &mut errors);
    let limits = Limits { now, own_end: manager.own_end(), present: None };
    let (errors, given) = form.rights.read(&limits, errors);
    let (Some(proved), Some(given), false) = (proved, given, errors.any()) else {
        return Ok(Err(errors));
    };
    if proved.spent {
        // The same form came twice. With other words it is no question to the register, which nobody would count.
        return Ok(Ok("added"));
    }
    let operator = Operator {
        department: given.department,
        may_manage: given.may_manage,
        valid_until: given.valid_until,
        ..draft
    };
    let (caller, who) = (&visitor.caller, manager.owner.account_id());
    let refused =
        async |detail| lookups::note_refusal(app, caller, "operator_refused", Some(who), detail).await;
    // Of everybody, so that what the register says is counted and recorded wherever nothing comes of it.
    let question = Question { who, about: &operator.document.key() };
    let asked = match question.ask(app, caller).await? {
        Ok(asked) => asked,
        Err(too_often) => {
            refused("limit").await?;
            return Ok(Err(Errors::whole(too_often.to_string())));
        }
    };
    let evidence = evidence::of_person(app, &operator.name, &operator.document).await;
    if let Evidence::Refused(mismatch) = evidence {
        refused("register").await?;
        return Ok(Err(Errors::none().at("document_number", mismatch.to_string())));
    }
    let hash = match guarded::hash(app, form.new_password.password()).await? {
        Ok(hash) => hash,
        Err(refusal) => {
            asked.take_back(app).await?;
            return Ok(Err(Errors::none().at("new_password", refusal.to_string())));
        }
    };
    let new = store::New { operator: &operator, hash: &hash, proved: &proved, evidence: &evidence };
    Ok(match new.store(app, visitor, manager).await? {
        // The same form came twice: there is one operator.
        Outcome::Stored | Outcome::StoredBefore => {
            asked.take_back(app).await?;
            Ok(if evidence == Evidence::Waiting { "added_unchecked" } else { "added" })
        }
        Outcome::ProofIsGone => {
            refused("proof").await?;
            form.phone.forget_proof();
            Err(Errors::none().at("phone_code", CodeRefusal::Expired.to_string()))
        }
        Outcome::Taken(taken) => {
            refused("taken").await?;
            let mut errors = Errors::none();
            if taken.document {
                errors = errors.at("document_number", "该经办人已存在");
            }
            if taken.phone {
                form.phone.forget_proof();
                errors = errors.at("phone", "该手机号码已被本单位其他经办人使用");
            }
            Err(errors)
        }
    })
}

/// What the page says beside the errors.
enum Said {
    Nothing,
    CodeSent(String),
    VerifyAgain,
}

async fn show(
    app: &App,
    visitor: &Visitor,
    manager: &Manager,
    form: &Form,
    errors: Errors,
    said: Said,
) -> web::Result<Response> {
    let refused = errors.any();
    let (notice, verify_url) = match said {
        Said::Nothing => (None, None),
        Said::CodeSent(notice) => (Some(notice), None),
        Said::VerifyAgain => (None, Some(verify_url(&done_url("verified", "")))),
    };
    let page = Page {
        frame: visitor.frame(),
        centre: manager.centre().headed("添加经办人"),
        errors,
        phone: form.phone.view(app, PURPOSE, notice).await?,
        form,
        document_types: DocumentType::ALL.map(|kind| (kind.code(), kind.label())).to_vec(),
        validities: VALIDITIES,
        management: MANAGEMENT,
        password_hint: app.config.password.profile.registration().hint(),
        verify_url,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
