//! 企业信息变更, 企业法定代表人变更: another representative, as the register has it by now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, LegalEntity, StoredDocument};
use crate::guard::evidence::{self, Evidence};
use crate::guard::{own_password, sessions, text_message};
use crate::store::account_changes::{self, Change};
use crate::store::{accounts, audit, legal_entities};
use crate::web::document::{DocumentFields, ReadDocument};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, cookies, urls};

#[derive(Template)]
#[template(path = "account_centre/entity_change.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    form: &'a Form,
    unit: &'a LegalEntity,
    /// The register has something else: an appeal may help.
    offer_appeal: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    representative_name: String,
    #[serde(flatten)]
    document: DocumentFields,
    password: Password,
}

enum Outcome {
    /// Another person: everybody signs in anew.
    Changed,
    /// The same person with a new card.
    Renewed,
    Refused(Errors),
    /// Not what the register has.
    Mismatch,
}

const MIN_AGE: u32 = 16;
const MISMATCH: &str = "变更信息与登记机关信息不一致，请先到登记机关办理变更或进行账号申诉";

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&visitor, &owner, &Form::default(), Errors::none(), false)
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let Some(unit) = owner.own_unit() else { return Ok(visitor.go(urls::ACCOUNT)) };
    match change(&app, &visitor, &owner, unit, &form).await? {
        Outcome::Changed => {
            let mut response = visitor.go(&super::ended::url(AccountKind::LegalEntity, "representative"));
            cookies::remove(response.headers_mut(), cookies::SESSION);
            Ok(response)
        }
        Outcome::Renewed => Ok(visitor.go(urls::ACCOUNT_REPRESENTATIVE)),
        Outcome::Refused(errors) => show(&visitor, &owner, &form, errors, false),
        Outcome::Mismatch => show(&visitor, &owner, &form, Errors::whole(MISMATCH), true),
    }
}

impl Form {
    fn read(&self, app: &App, unit: &LegalEntity, errors: &mut Errors) -> Option<(PersonName, ReadDocument)> {
        let who = unit.entity_type.representative_label();
        let missing = format!("请输入{who}姓名");
        let name = errors.take("representative_name", &self.representative_name, &missing, PersonName::parse);
        let document = self.document.read(who, MIN_AGE, app.clock.now().china_date(), errors);
        Some((name?, document?))
    }
}

/// The rule.
async fn change(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    unit: &LegalEntity,
    form: &Form,
) -> anyhow::Result<Outcome> {
    let mut errors = Errors::none();
    let read = form.read(app, unit, &mut errors);
    if form.password.expose().is_empty() {
        errors.add("password", "请输入登录密码");
    }
    let (Some((name, document)), false) = (read, errors.any()) else { return Ok(Outcome::Refused(errors)) };
    let checked = own_password::check(app, &visitor.caller, &owner.principal, &form.password).await?;
    if let Err(refusal) = checked {
        return Ok(Outcome::Refused(Errors::none().at("password", refusal.to_string())));
    }
    let changed = LegalEntity {
        representative_name: Some(name.as_str().to_owned()),
        representative_document: Some((&document.document).into()),
        representative_validity: Some(document.validity),
        ..unit.clone()
    };
    let evidence = evidence::of_legal_entity(app, &changed).await;
    match evidence {
        Evidence::Refused(_) => return Ok(Outcome::Mismatch),
        Evidence::Waiting => {
            let text = "登记信息暂时无法核验，请稍后再试";
            return Ok(Outcome::Refused(Errors::whole(text)));
        }
        Evidence::Confirmed | Evidence::FormatOnly => (),
    }
    let key = |unit: &LegalEntity| unit.representative_document.as_ref().map(StoredDocument::key);
    let is_another = key(unit) != key(&changed);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    legal_entities::set_representative(&mut tx, &app.vault, &changed, is_another.then_some(now)).await?;
    accounts::set_assurance(&mut tx, &unit.id, evidence.assurance(), now).await?;
    let record = Change {
        account_id: &unit.id,
        kind: "representative",
        actor_id: owner.account_id(),
        before: Some(&describe(unit)),
        after: Some(&describe(&changed)),
    };
    account_changes::insert(&mut tx, &app.vault, &record, now).await?;
    audit::insert(&mut tx, &owner.event(visitor, "representative_changed", ""), now).await?;
    if is_another {
        sessions::end_everything(app, &mut tx, &unit.id).await?;
        let text = format!("{}的法定代表人信息已变更。如有疑问，请联系技术支持。", unit.name);
        text_message::notify(app, &mut tx, unit.phone.as_deref(), &text).await?;
    }
    tx.commit().await?;
    Ok(if is_another { Outcome::Changed } else { Outcome::Renewed })
}

/// What the history keeps.
fn describe(unit: &LegalEntity) -> serde_json::Value {
    json!({
        "name": unit.representative_name,
        "document_type": unit.representative_document.as_ref().map(|document| &document.type_code),
        "document_number": unit.representative_document.as_ref().map(|document| &document.number),
        "validity": unit.representative_validity.map(|validity| validity.to_text()),
    })
}

fn show(
    visitor: &Visitor,
    owner: &Owner,
    form: &Form,
    errors: Errors,
    offer_appeal: bool,
) -> web::Result<Response> {
    let Some(unit) = owner.own_unit() else { return Ok(visitor.go(urls::ACCOUNT)) };
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("企业信息变更"),
        errors,
        form,
        unit,
        offer_appeal,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}

impl Page<'_> {
    fn who(&self) -> &'static str {
        self.unit.entity_type.representative_label()
    }

    fn name_label(&self) -> String {
        format!("{}姓名", self.who())
    }
}
