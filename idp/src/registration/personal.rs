//! 个人注册: a person registers for themselves.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;

use super::shared::{ClosingFields, Links, Query};
use super::submission::{self, Form as _, Wrong};
use crate::app::App;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, Person, StoredDocument};
use crate::domain::profile::Profile;
use crate::guard::evidence::{self, Evidence};
use crate::guard::sms_code::Purpose;
use crate::platform::random;
use crate::store::{persons, phones, principals};
use crate::web::document::DocumentFields;
use crate::web::phone::{PhoneFields, PhoneView};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "registration/personal.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    form: &'a Form,
    phone: PhoneView,
    password_hint: String,
    agreement_version: &'static str,
    links: Links,
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

/// 个人信息保护法, article 31: younger children's data need a guardian's consent, which a form can't take.
const MIN_AGE: u32 = 14;

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    Form::default().show(&app, &visitor, &query, Errors::none(), None).await
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let begun = app.clone();
    begun.begun.finish(async move { submission::answer(&app, &visitor, &query, form).await }).await
}

/// POST of what is filled in so far, by the script.
pub async fn check(State(app): State<App>, SafeForm(form): SafeForm<Form>) -> Response {
    submission::check(&app, form)
}

impl submission::Form for Form {
    const KIND: AccountKind = AccountKind::Person;
    type Account = Person;

    fn phone(&mut self) -> &mut PhoneFields {
        &mut self.phone
    }

    fn closing(&self) -> &ClosingFields {
        &self.closing
    }

    fn read(&self, app: &App, errors: &mut Errors) -> Option<Person> {
        let today = app.clock.now().china_date();
        let name = errors.take("person_name", &self.person_name, "请输入姓名", PersonName::parse);
        let document = self.document.read("", MIN_AGE, today, errors);
        let (name, document) = (name?, document?);
        Some(Person {
            id: random::id(),
            login_name: String::new(),
            name: name.as_str().to_owned(),
            document: Some((&document.document).into()),
            document_validity: Some(document.validity),
            phone: None,
            profile: Profile::default(),
        })
    }

    fn context(&self) -> Vec<String> {
        vec![self.phone.number(), self.document.known_tail()]
    }

    async fn show(
        &self,
        app: &App,
        visitor: &Visitor,
        query: &Query,
        errors: Errors,
        notice: Option<String>,
    ) -> web::Result<Response> {
        let refused = errors.any();
        let page = Page {
            frame: visitor.frame(),
            errors,
            form: self,
            phone: self.phone.view(app, Purpose::Registration, notice).await?,
            password_hint: app.config.password.profile.registration().hint(),
            agreement_version: super::agreements::VERSION,
            links: Links {
                action: query.link(urls::REGISTER_PERSONAL),
                sign_in: query.sign_in(Self::KIND),
                other: query.link(urls::REGISTER_LEGAL_ENTITY),
            },
        };
        if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
    }

    fn set_phone(account: &mut Person, phone: String) {
        account.phone = Some(phone);
    }

    fn id(account: &Person) -> &str {
        &account.id
    }

    fn about(account: &Person) -> String {
        // The form reads nobody without a document.
        account.document.as_ref().map(StoredDocument::key).unwrap_or_default()
    }

    async fn taken(app: &App, account: &Person) -> anyhow::Result<Errors> {
        let mut errors = Errors::none();
        if let Some(document) = &account.document
            && persons::is_known(&app.store, &app.vault, document).await?
        {
            let text = "该证件号码已注册，请直接登录，忘记密码可找回，如非本人注册请进行账号申诉";
            errors.add("document_number", text);
        }
        Ok(errors)
    }

    async fn evidence(app: &App, account: &Person) -> Evidence<Wrong> {
        let Some(document) = &account.document else { return Evidence::FormatOnly };
        let evidence = evidence::of_person(app, &account.name, document).await;
        evidence.map_refusal(|mismatch| ("document_number", mismatch.to_string()))
    }

    async fn insert(app: &App, tx: &mut AnyConnection, account: &Person) -> anyhow::Result<()> {
        if let Some(phone) = &account.phone {
            // Whoever had this number before has it no longer: it was proved a moment ago.
            phones::release_from_persons(tx, &app.vault, phone, app.clock.now()).await?;
        }
        // Nobody chooses it: persons sign in by telephone or document, too. Each try draws another.
        let login_name = format!("u{}", random::text(b"0123456789", 10));
        principals::insert_person(tx, &app.vault, &Person { login_name, ..account.clone() }).await
    }
}
