//! What is written down of each change: who did it, from where, and what it was before.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::access::Manager;
use crate::app::App;
use crate::domain::principal::Operator;
use crate::store::account_changes::{self, Change};
use crate::store::audit;
use crate::web::Visitor;

/// A change of one operator. `event` is `operator_…`.
pub struct Record<'a> {
    pub event: &'static str,
    pub operator_id: &'a str,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Record<'_> {
    /// Writes the audit's entry, which has nothing personal, and the sealed change, in the transaction that made it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(
        &self,
        app: &App,
        tx: &mut AnyConnection,
        visitor: &Visitor,
        manager: &Manager,
    ) -> anyhow::Result<()> {
        let now = app.clock.now();
        let actor_id = manager.owner.account_id();
        let entry = visitor.caller.event(self.event, Some(actor_id), self.operator_id);
        audit::insert_of_unit(tx, &entry, &manager.unit.id, now).await?;
        let change = Change {
            account_id: self.operator_id,
            kind: self.event,
            actor_id,
            before: self.before.as_ref(),
            after: self.after.as_ref(),
        };
        account_changes::insert(tx, &app.vault, &change, now).await
    }
}

/// What may change of an operator.
pub fn snapshot(operator: &Operator) -> Value {
    json!({
        "phone": operator.phone,
        "department": operator.department,
        "may_manage": operator.may_manage,
        "valid_until": operator.valid_until.map(|end| end.china_date().to_string()),
    })
}
