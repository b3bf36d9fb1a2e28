//! 企业注册: a unit registers itself, with whoever represents it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::shared::{self, ClosingFields, NewAccount, Outcome};
use crate::app::App;
use crate::domain::credit_code::{CreditCode, EntityTypeMismatch};
use crate::domain::entity_type::EntityType;
use crate::domain::login_name::LoginName;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, LegalEntity};
use crate::domain::unit_name::UnitName;
use crate::guard::evidence::{self, EntityMismatch, Evidence};
use crate::guard::new_password;
use crate::guard::sms_code::Purpose;
use crate::platform::random;
use crate::store::{accounts, is_duplicate, principals};
use crate::web::document::{DocumentFields, ReadDocument};
use crate::web::phone::{PhoneFields, PhoneView, ProvedPhone};
use crate::web::{self, Errors, Frame, SafeForm, Visitor};

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

/// A form whose every field is as it must be.
struct Registration {
    login_name: LoginName,
    entity_type: EntityType,
    unit_name: UnitName,
    credit_code: CreditCode,
    representative_name: PersonName,
    document: ReadDocument,
}

const REPRESENTATIVE_MIN_AGE: u32 = 16;

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor) -> web::Result<Response> {
    let form = Form { entity_type: EntityType::Enterprise.code().to_owned(), ..Form::default() };
    show(&app, &visitor, &form, Errors::none(), None).await
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
        return Ok(shared::go_on(&visitor, AccountKind::LegalEntity, false));
    }
    form.closing.check(&app, &form.context(), &mut errors);
    let (Some(registration), Some(proved), false) = (registration, proved, errors.any()) else {
        return show(&app, &visitor, &form, errors, None).await;
    };
    match register(&app, &visitor, &registration, &proved, &form).await? {
        Outcome::Done { waiting } => Ok(shared::go_on(&visitor, AccountKind::LegalEntity, waiting)),
        Outcome::AlreadyDone => Ok(shared::go_on(&visitor, AccountKind::LegalEntity, false)),
        Outcome::ProofExpired => {
            form.phone.forget_proof();
            let errors = Errors::none().at("phone_code", "验证码已失效，请重新获取");
            show(&app, &visitor, &form, errors, None).await
        }
        Outcome::Refused(errors) => show(&app, &visitor, &form, errors, None).await,
    }
}

impl Form {
    fn chosen_type(&self) -> EntityType {
        EntityType::from_code(&self.entity_type).unwrap_or(EntityType::Enterprise)
    }

    /// Every field, in the page's order.
    fn read(&self, app: &App, errors: &mut Errors) -> Option<Registration> {
        let chosen = self.chosen_type();
        let who = chosen.representative_label();
        let today = app.clock.now().china_date();
        let login_name = errors.take("login_name", &self.login_name, "请输入法人账号", LoginName::parse);
        let entity_type = EntityType::from_code(&self.entity_type);
        if entity_type.is_none() {
            errors.add("entity_type", "请选择法人类型");
        }
        let name_missing = format!("请输入{}", chosen.name_label());
        let unit_name = errors.take("unit_name", &self.unit_name, &name_missing, UnitName::parse);
        let credit_code =
            errors.take("credit_code", &self.credit_code, "请输入统一社会信用代码", CreditCode::parse);
        if credit_code.as_ref().is_some_and(|code| code.conflicts_with(chosen)) {
            errors.add("entity_type", EntityTypeMismatch.to_string());
        }
        let person_missing = format!("请输入{who}姓名");
        let representative_name =
            errors.take("representative_name", &self.representative_name, &person_missing, PersonName::parse);
        let document = self.document.read(who, REPRESENTATIVE_MIN_AGE, today, errors);
        Some(Registration {
            login_name: login_name?,
            entity_type: entity_type?,
            unit_name: unit_name?,
            credit_code: credit_code?,
            representative_name: representative_name?,
            document: document?,
        })
    }

    /// What the password must not contain.
    fn context(&self) -> Vec<&str> {
        let number = self.document.document_number.trim();
        let tail = number.get(number.len().saturating_sub(6)..).unwrap_or_default();
        vec![self.login_name.trim(), self.credit_code.trim(), self.phone.typed().trim(), tail]
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
    if let Some(outcome) = taken(app, visitor, registration, proved).await? {
        return Ok(outcome);
    }
    let unit = registration.unit(proved);
    let evidence = evidence::of_legal_entity(app, &unit).await;
    if let Evidence::Refused(mismatch) = evidence {
        let field = match mismatch {
            EntityMismatch::Unit => "credit_code",
            EntityMismatch::Representative => "representative_name",
        };
        return Ok(Outcome::Refused(Errors::none().at(field, mismatch.to_string())));
    }
    let hash = match new_password::hash(app, form.closing.password()).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Outcome::Refused(Errors::none().at(refusal.field(), refusal.to_string()))),
    };
    let mut tx = app.store.begin().await?;
    let new = NewAccount {
        id: &unit.id,
        kind: AccountKind::LegalEntity,
        password_hash: &hash,
        evidence: &evidence,
    };
    if let Err(outcome) = shared::insert_account(app, &mut tx, &visitor.caller, proved, new).await? {
        tx.rollback().await?;
        return Ok(outcome);
    }
    match principals::insert_legal_entity(&mut tx, &app.vault, &unit).await {
        Ok(()) => tx.commit().await?,
        // Somebody else was faster by a moment.
        Err(error) if error.downcast_ref().is_some_and(is_duplicate) => {
            drop(tx);
            let outcome = taken(app, visitor, registration, proved).await?;
            return outcome.ok_or(error);
        }
        Err(error) => return Err(error),
    }
    Ok(Outcome::Done { waiting: evidence == Evidence::Waiting })
}

/// Whether name or code are taken; told to nobody who has not proved a telephone.
async fn taken(
    app: &App,
    visitor: &Visitor,
    registration: &Registration,
    proved: &ProvedPhone,
) -> anyhow::Result<Option<Outcome>> {
    let (name, code) = (registration.login_name.key(), registration.credit_code.as_str());
    let found = accounts::names_taken(&app.store, &name, code).await?;
    if shared::has_come_before(app, &visitor.caller, proved).await? {
        return Ok(Some(Outcome::AlreadyDone));
    }
    let mut errors = Errors::none();
    if found.login_name {
        errors.add("login_name", "该法人账号已被注册");
    }
    if found.credit_code {
        let text = "该统一社会信用代码已注册，请直接登录，忘记密码可找回，如非本单位注册请进行账号申诉";
        errors.add("credit_code", text);
    }
    Ok(errors.any().then_some(Outcome::Refused(errors)))
}

impl Registration {
    fn unit(&self, proved: &ProvedPhone) -> LegalEntity {
        LegalEntity {
            id: random::id(),
            login_name: self.login_name.as_str().to_owned(),
            credit_code: self.credit_code.as_str().to_owned(),
            name: self.unit_name.as_str().to_owned(),
            entity_type: self.entity_type,
            representative_name: Some(self.representative_name.as_str().to_owned()),
            representative_document: Some((&self.document.document).into()),
            representative_validity: Some(self.document.validity),
            representative_changed_at: None,
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
        entity_type: form.chosen_type(),
        phone: form.phone.view(app, Purpose::Registration, notice).await?,
        password_hint: app.config.password.profile.registration().hint(),
        agreement_version: super::agreements::VERSION,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
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

    /// For the script: what each type calls its name and its representative.
    fn unit_labels(&self) -> String {
        let labels = EntityType::ALL
            .iter()
            .map(|known| (known.code(), [known.name_label(), known.representative_label()]));
        serde_json::to_string(&labels.collect::<std::collections::BTreeMap<_, _>>()).unwrap_or_default()
    }
}
