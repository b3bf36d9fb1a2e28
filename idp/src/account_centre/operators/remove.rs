//! 删除: behind 验证信息, since it can't be undone; asked once more, then at once and everywhere. The row stays for the
//! record.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::access::{Manager, done_url, is_id, url, verify_url};
use super::record::{Record, snapshot};
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::domain::mask;
use crate::guard::sessions;
use crate::store::operators::{changes, listing};
use crate::web::{self, Frame, Visitor};

#[derive(Template)]
#[template(path = "account_centre/operators/remove.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    name: String,
    phone: String,
    department: String,
    action: String,
}

const NOT_ONESELF: &str = "不能删除自己";

/// # Errors
/// When the database fails, or this is not for who is signed in.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(&url(&id, "remove"))));
    }
    visitor.show(&Page {
        frame: visitor.frame(),
        centre: manager.centre().headed("删除经办人"),
        phone: mask::phone(&operator.phone),
        name: operator.name,
        department: operator.department,
        action: url(&id, "remove"),
    })
}

/// # Errors
/// As [`get`].
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
) -> web::Result<Response> {
    if let Err(error) = manager.operator(&app, &id, NOT_ONESELF).await {
        // The same form came twice.
        return if removed(&app, &manager, &id).await? { Ok(done(&visitor)) } else { Err(error) };
    }
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(&url(&id, "remove"))));
    }
    let mut tx = app.store.begin().await?;
    manager.must_still_manage(&app, &mut tx, &[&id]).await?;
    let before = listing::one_in(&mut tx, &app.vault, &manager.unit.id, &id).await?;
    let before = before.map(|listed| snapshot(&listed.operator));
    if changes::remove(&mut tx, &manager.unit.id, &id, app.clock.now()).await? {
        sessions::end_everything(&app, &mut tx, &id).await?;
        let record = Record { event: "operator_removed", operator_id: &id, before, after: None };
        record.write(&app, &mut tx, &visitor, &manager).await?;
    }
    tx.commit().await?;
    Ok(done(&visitor))
}

async fn removed(app: &App, manager: &Manager, id: &str) -> anyhow::Result<bool> {
    if !is_id(id) {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    let removed = changes::was_removed(&mut tx, &manager.unit.id, id).await?;
    tx.rollback().await?;
    Ok(removed)
}

fn done(visitor: &Visitor) -> Response {
    visitor.go(&done_url("removed", ""))
}
