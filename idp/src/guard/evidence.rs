//! How sure we can be of an account: what the registers say of it, at once or, when they are away, later.

use anyhow::Result;
use sqlx::AnyConnection;

use super::{sessions, text_message};
use crate::app::App;
use crate::domain::mask;
use crate::domain::principal::{LegalEntity, Operator, Principal, StoredDocument};
use crate::domain::timestamp::Span;
use crate::platform::registers::{Asked, EntityAnswer, EntityQuery, ResidentAnswer, ResidentQuery};
use crate::store::operators::changes;
use crate::store::{accounts, audit, principals, register_checks};

/// Trust levels: the number in `urn:jl-uia:loa:…`.
pub const FORMAT_ONLY: i64 = 1;
pub const REGISTER_MATCH: i64 = 2;

/// What is known of an account's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<Mismatch> {
    Confirmed,
    /// There is no register for this: only the format was checked.
    FormatOnly,
    /// The register is away.
    Waiting,
    Refused(Mismatch),
}

impl<Mismatch> Evidence<Mismatch> {
    /// The same, with the mismatch told in other words.
    pub fn map_refusal<Other>(self, tell: impl FnOnce(Mismatch) -> Other) -> Evidence<Other> {
        match self {
            Self::Confirmed => Evidence::Confirmed,
            Self::FormatOnly => Evidence::FormatOnly,
            Self::Waiting => Evidence::Waiting,
            Self::Refused(mismatch) => Evidence::Refused(tell(mismatch)),
        }
    }

    pub const fn assurance(&self) -> i64 {
        match self {
            Self::Confirmed => REGISTER_MATCH,
            _ => FORMAT_ONLY,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntityMismatch {
    #[error("本次核验不成功，请确认您输入的单位名称和统一社会信用代码与登记管理部门签发的完全一致")]
    Unit,
    /// By what the unit calls whoever represents it.
    #[error("{0}信息与登记信息不一致")]
    Representative(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("姓名与证件号码不一致，请核对")]
pub struct PersonMismatch;

/// Asks the register of units about a unit and who represents it.
pub async fn of_legal_entity(app: &App, unit: &LegalEntity) -> Evidence<EntityMismatch> {
    let document = unit.representative_document.as_ref();
    let query = EntityQuery {
        credit_code: &unit.credit_code,
        name: &unit.name,
        representative_name: unit.representative_name.as_deref().unwrap_or_default(),
        representative_document_type: document.map(StoredDocument::standard_code).unwrap_or_default(),
        representative_document_number: document.map(|document| &*document.number).unwrap_or_default(),
    };
    match app.registers.legal_entity(&app.http, app.clock.now(), query).await {
        Asked::Answered(EntityAnswer::Confirmed) => Evidence::Confirmed,
        Asked::Answered(EntityAnswer::UnitDiffers) => Evidence::Refused(EntityMismatch::Unit),
        Asked::Answered(EntityAnswer::RepresentativeDiffers) => {
            Evidence::Refused(EntityMismatch::Representative(unit.entity_type.representative_label()))
        }
        Asked::Away => Evidence::Waiting,
        Asked::NoRegister => Evidence::FormatOnly,
    }
}

/// Asks the register of persons whether a name and a document belong together.
pub async fn of_person(app: &App, name: &str, document: &StoredDocument) -> Evidence<PersonMismatch> {
    let query =
        ResidentQuery { name, document_type: document.standard_code(), document_number: &document.number };
    match app.registers.resident(&app.http, app.clock.now(), query).await {
        Asked::Answered(ResidentAnswer::Confirmed) => Evidence::Confirmed,
        Asked::Answered(ResidentAnswer::Differs) => Evidence::Refused(PersonMismatch),
        Asked::Away => Evidence::Waiting,
        Asked::NoRegister => Evidence::FormatOnly,
    }
}

/// How long the first question waits after the register was away, and how long an instance may take over one.
const FIRST_WAIT: Span = Span::seconds(30);
const LEASE: Span = Span::minutes(1);
const LONGEST_WAIT: u32 = 60 * 60;

/// Has the register asked again later. Unless `usable`, nobody signs in to the account before it has answered.
///
/// # Errors
/// When the database fails.
pub async fn ask_later(app: &App, tx: &mut AnyConnection, account_id: &str, usable: bool) -> Result<()> {
    let now = app.clock.now();
    if !usable {
        accounts::set_pending(tx, account_id, Some(now)).await?;
    }
    Ok(register_checks::insert(tx, account_id, now, now + FIRST_WAIT).await?)
}

/// The janitor's work: asks again what is due.
///
/// # Errors
/// When the database fails.
pub async fn ask_due(app: &App) -> Result<()> {
    for due in register_checks::lease(&app.store, app.clock.now(), LEASE, 20).await? {
        // What is wrong with one is no reason to let the others wait.
        if let Err(error) = ask(app, &due).await {
            tracing::error!(
                account = due.account_id,
                error = format!("{error:#}"),
                "a register check failed"
            );
        }
    }
    Ok(())
}

async fn ask(app: &App, due: &register_checks::Due) -> Result<()> {
    let account = principals::find(&app.store, &app.vault, &due.account_id).await?;
    let evidence = match &account {
        Some(Principal::LegalEntity(unit)) => of_legal_entity(app, unit).await.map_refusal(drop),
        Some(Principal::Person(person)) => match &person.document {
            Some(document) => of_person(app, &person.name, document).await.map_refusal(drop),
            None => Evidence::FormatOnly,
        },
        Some(Principal::Operator { operator, .. }) => {
            of_person(app, &operator.name, &operator.document).await.map_refusal(drop)
        }
        // It went meanwhile.
        None => Evidence::FormatOnly,
    };
    if evidence == Evidence::Waiting {
        let exponent = u32::try_from(due.attempts).unwrap_or(u32::MAX).min(7);
        let wait = (30 * 2_u32.saturating_pow(exponent)).min(LONGEST_WAIT);
        let due_at = app.clock.now() + Span::seconds(wait);
        register_checks::retry_at(&app.store, &due.account_id, due_at).await?;
        return Ok(());
    }
    settle(app, &due.account_id, evidence, account.as_ref()).await
}

async fn settle(
    app: &App,
    account_id: &str,
    evidence: Evidence<()>,
    account: Option<&Principal>,
) -> Result<()> {
    let phone = match account {
        Some(Principal::LegalEntity(unit)) => unit.phone.as_deref(),
        Some(Principal::Person(person)) => person.phone.as_deref(),
        Some(Principal::Operator { .. }) | None => None,
    };
    let mut tx = app.store.begin().await?;
    changes::hold(&mut tx, account_id).await?;
    register_checks::settle(&mut tx, account_id).await?;
    let waited = accounts::is_pending(&mut tx, account_id).await?;
    let detail = match evidence {
        Evidence::Refused(()) if waited => {
            // Nobody has ever signed in to it: its names are free again.
            accounts::erase_unused(&mut tx, account_id).await?;
            let text = "您提交的注册信息与登记信息不一致，未通过核验，请核对后重新注册，或进行账号申诉。";
            text_message::notify(app, &mut tx, phone, text).await?;
            "refused"
        }
        Evidence::Refused(()) => {
            if let Some(Principal::Operator { operator, unit }) = account {
                deny(app, &mut tx, operator, unit).await?;
            }
            "differs"
        }
        _ => {
            accounts::set_assurance(&mut tx, account_id, evidence.assurance(), app.clock.now()).await?;
            if waited {
                accounts::set_pending(&mut tx, account_id, None).await?;
                text_message::notify(app, &mut tx, phone, "您的注册信息已通过核验，现在可以登录。").await?;
            }
            "confirmed"
        }
    };
    let entry = audit::Entry {
        event: "register_check",
        account_id: Some(account_id),
        client_id: None,
        address: "",
        user_agent: "",
        detail,
    };
    audit::insert(&mut tx, &entry, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// An operator worked meanwhile, for a unit that stands by them; nobody goes on under a name that is not theirs.
async fn deny(app: &App, tx: &mut AnyConnection, operator: &Operator, unit: &LegalEntity) -> Result<()> {
    if !changes::deny(tx, &operator.id, app.clock.now()).await? {
        return Ok(());
    }
    sessions::end_everything(app, tx, &operator.id).await?;
    let name = mask::name(&operator.name);
    let text = format!("经办人{name}的姓名与证件号码核验不一致，账号已冻结，请核对后删除并重新添加。");
    text_message::notify(app, tx, unit.phone.as_deref(), &text).await?;
    let text = format!("您在“{}”的经办人账号因姓名与证件号码核验不一致已冻结，请联系本单位。", unit.name);
    text_message::notify(app, tx, Some(&operator.phone), &text).await
}
