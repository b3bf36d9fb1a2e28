//! 冻结, 解冻, and 确认 after a change of the legal representative. Freezing must be quick: it asks for nothing more.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::access::{Manager, done_url, verify_url};
use super::record::Record;
use crate::app::App;
use crate::guard::sessions;
use crate::store::operators::changes;
use crate::web::{self, SafeForm, Visitor};

/// A button of the list.
#[derive(Deserialize)]
pub struct Form {
    /// The query of the list's page, to come back to it.
    #[serde(default)]
    back: String,
}

/// POST `/account/operators/{id}/freeze`: at once, everywhere.
///
/// # Errors
/// When the database fails, or this is not for who is signed in.
pub async fn freeze(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    manager.operator(&app, &id, "不能冻结自己").await?;
    let mut tx = app.store.begin().await?;
    manager.must_still_manage(&app, &mut tx, &[&id]).await?;
    if changes::freeze(&mut tx, &manager.unit.id, &id, app.clock.now()).await? {
        sessions::end_everything(&app, &mut tx, &id).await?;
        let record = Record { event: "operator_frozen", operator_id: &id, before: None, after: None };
        record.write(&app, &mut tx, &visitor, &manager).await?;
    }
    tx.commit().await?;
    Ok(visitor.go(&done_url("frozen", &form.back)))
}

/// POST `/account/operators/{id}/unfreeze`, behind 验证信息: it gives a right back.
///
/// # Errors
/// As [`freeze`].
pub async fn unfreeze(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let is_denied = manager.operator(&app, &id, "不能解冻自己").await?.is_denied;
    if is_denied {
        return Ok(visitor.go(&done_url("denied", &form.back)));
    }
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(&done_url("verified", &form.back))));
    }
    let mut tx = app.store.begin().await?;
    manager.must_still_manage(&app, &mut tx, &[&id]).await?;
    let is_done = changes::unfreeze(&mut tx, &manager.unit.id, &id).await?;
    if is_done {
        let record = Record { event: "operator_unfrozen", operator_id: &id, before: None, after: None };
        record.write(&app, &mut tx, &visitor, &manager).await?;
    }
    tx.commit().await?;
    // Nobody was frozen any more, or a register's answer has come meanwhile.
    let is_denied = !is_done && manager.operator(&app, &id, "").await?.is_denied;
    Ok(visitor.go(&done_url(if is_denied { "denied" } else { "unfrozen" }, &form.back)))
}

/// POST `/account/operators/{id}/confirm`: the unit's present representative stands by this operator.
///
/// # Errors
/// As [`freeze`].
pub async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    manager.must_be_the_unit()?;
    manager.operator(&app, &id, "不能确认自己").await?;
    let mut tx = app.store.begin().await?;
    manager.must_still_manage(&app, &mut tx, &[&id]).await?;
    if changes::confirm(&mut tx, &manager.unit.id, &id, app.clock.now()).await? {
        let record = Record { event: "operator_confirmed", operator_id: &id, before: None, after: None };
        record.write(&app, &mut tx, &visitor, &manager).await?;
    }
    tx.commit().await?;
    Ok(visitor.go(&done_url("confirmed", &form.back)))
}
