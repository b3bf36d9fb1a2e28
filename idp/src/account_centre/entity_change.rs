//! 企业信息变更, 企业法定代表人变更: another name or another representative, as the register has them by now.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::password::Password;
use crate::domain::person_name::PersonName;
use crate::domain::principal::{AccountKind, LegalEntity, Principal, StoredDocument};
use crate::domain::unit_name::UnitName;
use crate::guard::evidence::{self, Evidence};
use crate::guard::{own_password, sessions, text_message};
use crate::store::account_changes::{self, Change};
use crate::store::{accounts, audit, legal_entities, principals};
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
    unit_name: String,
    representative_name: String,
    #[serde(flatten)]
    document: DocumentFields,
    password: Password,
}

enum Outcome {
    /// Another person: everybody signs in anew.
    Changed,
    /// The same person with a new card, or nothing new at all.
    Renewed,
    /// The same person; the unit has another name.
    Renamed,
    Refused(Errors),
    /// Not what the register has.
    Mismatch,
}

const MISMATCH: &str = "变更信息与登记机关信息不一致，请先到登记机关办理变更或进行账号申诉";

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner) -> web::Result<Response> {
    let unit_name = owner.own_unit().map(|unit| unit.name.clone()).unwrap_or_default();
    show(&visitor, &owner, &Form { unit_name, ..Form::default() }, Errors::none(), false)
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
        Outcome::Renewed => Ok(visitor.go("/account/representative?done=changed")),
        Outcome::Renamed => Ok(visitor.go("/account?done=entity")),
        Outcome::Refused(errors) => show(&visitor, &owner, &form, errors, false),
        Outcome::Mismatch => show(&visitor, &owner, &form, Errors::whole(MISMATCH), true),
    }
}

/// POST of what is filled in so far, by the script.
pub async fn check(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> Response {
    let Some(unit) = owner.own_unit() else { return visitor.go(urls::ACCOUNT) };
    let mut errors = Errors::none();
    form.read(&app, unit, &mut errors);
    errors.told()
}

impl Form {
    /// The unit as it is to be.
    fn read(&self, app: &App, unit: &LegalEntity, errors: &mut Errors) -> Option<LegalEntity> {
        let missing = format!("请输入{}", unit.entity_type.name_label());
        let unit_name = errors.take("unit_name", &self.unit_name, &missing, UnitName::parse);
        let who = unit.entity_type.representative_label();
        let missing = format!("请输入{who}姓名");
        let name = errors.take("representative_name", &self.representative_name, &missing, PersonName::parse);
        let document =
            self.document.read(who, app.config.accounts.min_age, app.clock.now().china_date(), errors);
        let (unit_name, name, ReadDocument { document, validity }) = (unit_name?, name?, document?);
        Some(LegalEntity {
            name: unit_name.as_str().to_owned(),
            representative_name: Some(name.as_str().to_owned()),
            representative_document: Some((&document).into()),
            representative_validity: Some(validity),
            ..unit.clone()
        })
    }
}

/// The rule.
async fn change(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    unit: &LegalEntity,
    form: &Form,
) -> web::Result<Outcome> {
    let mut errors = Errors::none();
    let read = form.read(app, unit, &mut errors);
    if form.password.expose().is_empty() {
        errors.add("password", "请输入登录密码");
    }
    let (Some(changed), false) = (read, errors.any()) else { return Ok(Outcome::Refused(errors)) };
    let checked = own_password::check(app, &visitor.caller, &owner.principal, &form.password).await?;
    if let Err(refusal) = checked {
        return Ok(Outcome::Refused(Errors::none().at("password", refusal.to_string())));
    }
    let evidence = evidence::of_legal_entity(app, &changed).await;
    match evidence {
        Evidence::Refused(_) => return Ok(Outcome::Mismatch),
        Evidence::Waiting => {
            let text = "登记信息暂时无法核验，请稍后再试";
            return Ok(Outcome::Refused(Errors::whole(text)));
        }
        Evidence::Confirmed | Evidence::FormatOnly => (),
    }
    match store(app, visitor, owner, (unit, &changed), evidence.assurance()).await? {
        Some(outcome) => Ok(outcome),
        // The session has ended meanwhile: through this form, if it came twice.
        None => match principals::find(&app.store, &app.vault, &unit.id).await? {
            Some(Principal::LegalEntity(present)) if is_same(&present, &changed) => Ok(Outcome::Changed),
            _ => Err(owner.gone()),
        },
    }
}

/// One transaction; nothing is done once the session has ended: an account that was closed while the register was
/// asked stays empty.
async fn store(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    (unit, changed): (&LegalEntity, &LegalEntity),
    assurance: i64,
) -> anyhow::Result<Option<Outcome>> {
    let is_another = represented_by(unit) != represented_by(changed);
    let is_renamed = unit.name != changed.name;
    let who = unit.entity_type.representative_label();
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if !owner.is_still_here(&mut tx, &[]).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    legal_entities::set_registered(&mut tx, &app.vault, changed, is_another.then_some(now)).await?;
    accounts::set_assurance(&mut tx, &unit.id, assurance, now).await?;
    let mut record = async |event, kind, before: Value, after: Value| -> anyhow::Result<()> {
        let (before, after) = (Some(&before), Some(&after));
        let change = Change { account_id: &unit.id, kind, actor_id: owner.account_id(), before, after };
        account_changes::insert(&mut tx, &app.vault, &change, now).await?;
        Ok(audit::insert(&mut tx, &owner.event(visitor, event, ""), now).await?)
    };
    if is_renamed {
        record("unit_renamed", "unit_name", (&*unit.name).into(), (&*changed.name).into()).await?;
    }
    if describe(unit) != describe(changed) {
        record("representative_changed", "representative", describe(unit), describe(changed)).await?;
    }
    let phone = unit.phone.as_deref();
    if is_renamed {
        let text = format!(
            "您的单位名称已由“{}”变更为“{}”。如非本单位操作，请联系技术支持。",
            unit.name, changed.name
        );
        text_message::notify(app, &mut tx, phone, &text).await?;
    }
    if is_another {
        sessions::end_everything(app, &mut tx, &unit.id).await?;
        let text = format!("{}的{who}信息已变更。如有疑问，请联系技术支持。", changed.name);
        text_message::notify(app, &mut tx, phone, &text).await?;
    }
    tx.commit().await?;
    Ok(Some(match (is_another, is_renamed) {
        (true, _) => Outcome::Changed,
        (false, true) => Outcome::Renamed,
        (false, false) => Outcome::Renewed,
    }))
}

/// Who represents a unit: a new card makes nobody another person.
fn represented_by(unit: &LegalEntity) -> Option<String> {
    unit.representative_document.as_ref().map(StoredDocument::key)
}

fn is_same(unit: &LegalEntity, other: &LegalEntity) -> bool {
    unit.name == other.name && represented_by(unit) == represented_by(other)
}

/// What the history keeps.
fn describe(unit: &LegalEntity) -> Value {
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
    let heading = format!("企业{}变更", unit.entity_type.representative_label());
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("企业信息变更").headed(heading),
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
