//! 企业注册: a unit registers itself, with whoever represents it.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;
use serde::Deserialize;
use sqlx::AnyConnection;

use super::shared::{ClosingFields, Links, Query};
use super::submission::{self, Form as _, Wrong};
use crate::app::App;
use crate::domain::credit_code::{CreditCode, EntityTypeMismatch, INNER_CHECK_WARNING, SUGGESTED_TYPES};
use crate::domain::entity_type::EntityType;
use crate::domain::login_name::LoginName;
use crate::domain::normalize::normalize_code;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, LegalEntity};
use crate::domain::unit_name::UnitName;
use crate::guard::evidence::{self, EntityMismatch, Evidence};
use crate::guard::sms_code::Purpose;
use crate::platform::random;
use crate::store::{accounts, principals};
use crate::web::document::DocumentFields;
use crate::web::phone::{PhoneFields, PhoneView};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "registration/legal_entity.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    form: &'a Form,
    entity_type: EntityType,
    phone: PhoneView,
    password_hint: String,
    agreement_version: &'static str,
    links: Links,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    login_name: String,
    entity_type: String,
    unit_name: String,
    credit_code: String,
    representative_name: String,
    #[serde(flatten)]
    document: DocumentFields,
    #[serde(flatten)]
    phone: PhoneFields,
    #[serde(flatten)]
    closing: ClosingFields,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    let form = Form { entity_type: EntityType::Enterprise.code().to_owned(), ..Form::default() };
    form.show(&app, &visitor, &query, Errors::none(), None).await
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

impl Form {
    fn chosen_type(&self) -> EntityType {
        EntityType::from_code(&self.entity_type).unwrap_or(EntityType::Enterprise)
    }
}

impl submission::Form for Form {
    const KIND: AccountKind = AccountKind::LegalEntity;
    type Account = LegalEntity;

    fn phone(&mut self) -> &mut PhoneFields {
        &mut self.phone
    }

    fn closing(&self) -> &ClosingFields {
        &self.closing
    }

    fn read(&self, app: &App, errors: &mut Errors) -> Option<LegalEntity> {
        let chosen = self.chosen_type();
        let who = chosen.representative_label();
        let today = app.clock.now().china_date();
        let login_name = errors.take("login_name", &self.login_name, "请输入法人账号", LoginName::parse);
        let entity_type = EntityType::from_code(&self.entity_type);
        let mismatch = || EntityTypeMismatch.to_string();
        match (entity_type, CreditCode::parse(&self.credit_code)) {
            (None, _) => errors.add("entity_type", "请选择法人类型"),
            (Some(chosen), Ok(code)) if code.conflicts_with(chosen) => errors.add("entity_type", mismatch()),
            (Some(chosen), Ok(code)) if !code.suits(chosen) => {
                errors.warn("entity_type", mismatch(), &self.document.confirmed);
            }
            _ => (),
        }
        let name_missing = format!("请输入{}", chosen.name_label());
        let unit_name = errors.take("unit_name", &self.unit_name, &name_missing, UnitName::parse);
        let credit_code =
            errors.take("credit_code", &self.credit_code, "请输入统一社会信用代码", CreditCode::parse);
        if credit_code.as_ref().is_some_and(|code| !code.inner_check_holds()) {
            errors.warn("credit_code", INNER_CHECK_WARNING, &self.document.confirmed);
        }
        let person_missing = format!("请输入{who}姓名");
        let representative_name =
            errors.take("representative_name", &self.representative_name, &person_missing, PersonName::parse);
        let document = self.document.read(who, app.config.accounts.min_age, today, errors)?;
        Some(LegalEntity {
            id: random::id(),
            login_name: login_name?.as_str().to_owned(),
            credit_code: credit_code?.as_str().to_owned(),
            name: unit_name?.as_str().to_owned(),
            entity_type: entity_type?,
            representative_name: Some(representative_name?.as_str().to_owned()),
            representative_document: Some((&document.document).into()),
            representative_validity: Some(document.validity),
            representative_changed_at: None,
            phone: None,
        })
    }

    fn context(&self) -> Vec<String> {
        let names = [&self.login_name, &self.credit_code].map(|typed| normalize_code(typed));
        names.into_iter().chain([self.phone.number(), self.document.known_tail()]).collect()
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
            entity_type: self.chosen_type(),
            phone: self.phone.view(app, Purpose::Registration, notice).await?,
            password_hint: app.config.password.profile.registration().hint(),
            agreement_version: super::agreements::VERSION,
            links: Links {
                action: query.link(urls::REGISTER_LEGAL_ENTITY),
                sign_in: query.sign_in(Self::KIND),
                other: query.link(urls::REGISTER_PERSONAL),
            },
        };
        if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
    }

    fn set_phone(account: &mut LegalEntity, phone: String) {
        account.phone = Some(phone);
    }

    fn id(account: &LegalEntity) -> &str {
        &account.id
    }

    fn about(account: &LegalEntity) -> String {
        account.credit_code.clone()
    }

    async fn taken(app: &App, account: &LegalEntity) -> anyhow::Result<Errors> {
        let found = accounts::names_taken(&app.store, &account.login_name, &account.credit_code).await?;
        let mut errors = Errors::none();
        if found.login_name {
            errors.add("login_name", "该法人账号已被注册");
        }
        if found.credit_code {
            let text = "该统一社会信用代码已注册，请直接登录，忘记密码可找回，如非本单位注册请进行账号申诉";
            errors.add("credit_code", text);
        }
        Ok(errors)
    }

    async fn evidence(app: &App, account: &LegalEntity) -> Evidence<Wrong> {
        evidence::of_legal_entity(app, account).await.map_refusal(|mismatch| {
            let field = match mismatch {
                EntityMismatch::Unit => "credit_code",
                EntityMismatch::Representative(_) => "representative_name",
            };
            (field, mismatch.to_string())
        })
    }

    async fn insert(app: &App, tx: &mut AnyConnection, account: &LegalEntity) -> anyhow::Result<()> {
        principals::insert_legal_entity(tx, &app.vault, account).await
    }
}

impl Page<'_> {
    fn name_of(&self, who: &str) -> String {
        format!("{who}姓名")
    }

    fn please_enter(&self, whose: &str, what: &str) -> String {
        format!("请输入{whose}{what}")
    }

    fn entity_types(&self) -> Vec<(&'static str, &'static str)> {
        EntityType::ALL.iter().map(|known| (known.code(), known.label())).collect()
    }

    /// For the script: the type that a code's beginning suggests, the first that fits.
    fn suggested_types(&self) -> String {
        serde_json::to_string(&SUGGESTED_TYPES.map(|(prefix, known)| (prefix, known.code())))
            .unwrap_or_default()
    }

    /// For the script: what each type calls its name and its representative.
    fn unit_labels(&self) -> String {
        let labels = EntityType::ALL
            .iter()
            .map(|known| (known.code(), [known.name_label(), known.representative_label()]));
        serde_json::to_string(&labels.collect::<std::collections::BTreeMap<_, _>>()).unwrap_or_default()
    }
}
