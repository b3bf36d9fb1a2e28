//! As whom a telephone may let a browser in.

use anyhow::Result;

use super::phone::Phone;
use crate::app::App;
use crate::domain::mask;
use crate::domain::principal::{AccountKind, Principal};
use crate::guard::identities;
use crate::platform::vault::Purpose;
use crate::store::principals;

/// An account through which the browser may be let in.
#[derive(Debug, Clone)]
pub struct ActAs {
    /// For this telephone only: says nothing about the account to anybody else.
    pub id: String,
    pub kind: AccountKind,
    /// Masked.
    pub name: String,
    pub unit_name: Option<String>,
    pub(super) account_id: String,
    pub(super) holder_id: Option<String>,
}

/// As whom a telephone may let a browser in: its own account first.
///
/// # Errors
/// When the database fails.
pub async fn identities(app: &App, phone: &Phone) -> Result<Vec<ActAs>> {
    let Phone { caller, session, .. } = phone;
    let id =
        |account_id: &str| app.vault.derive(Purpose::QrIdentity, &format!("{}|{account_id}", session.sid));
    let own = principals::find(&app.store, &app.vault, &session.account_id).await?;
    let mut found: Vec<ActAs> = own
        .map(|own| ActAs {
            id: id(&session.account_id),
            kind: own.kind(),
            name: masked_name(&own),
            unit_name: own.unit().map(|unit| unit.name.clone()),
            account_id: session.account_id.clone(),
            holder_id: session.holder_id.clone(),
        })
        .into_iter()
        .collect();
    if let Some(choice) =
        identities::of_session(app, caller, session).await?.filter(|choice| !choice.needs_code)
    {
        for identity in choice.identities {
            if identity.account_id == session.account_id {
                continue;
            }
            let kind = if identity.unit.is_some() { AccountKind::Operator } else { AccountKind::Person };
            let is_holder = identity.account_id == choice.holder_id;
            found.push(ActAs {
                id: id(&identity.account_id),
                kind,
                name: choice.masked_name.clone(),
                unit_name: identity.unit.map(|unit| unit.name),
                account_id: identity.account_id,
                holder_id: (!is_holder).then(|| choice.holder_id.clone()),
            });
        }
    }
    Ok(found)
}

pub(super) fn masked_name(principal: &Principal) -> String {
    match principal {
        Principal::LegalEntity(unit) => mask::name(unit.representative_name.as_deref().unwrap_or(&unit.name)),
        Principal::Operator { operator, .. } => mask::name(&operator.name),
        Principal::Person(person) => mask::name(&person.name),
    }
}
