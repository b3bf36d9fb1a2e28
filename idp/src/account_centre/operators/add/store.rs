//! One transaction: the proof is used up, the account and the operator are there, and who they are told.

use crate::account_centre::operators::access::Manager;
use crate::account_centre::operators::record::{Record, snapshot};
use crate::app::App;
use crate::domain::principal::{AccountKind, Operator};
use crate::guard::evidence::{self, Evidence, PersonMismatch};
use crate::guard::sms_code::{self, Purpose, Standing};
use crate::guard::text_message;
use crate::store::operators::changes::{self, Taken};
use crate::store::{accounts, is_duplicate, operators};
use crate::web::phone::ProvedPhone;
use crate::web::{self, Visitor};

pub struct New<'a> {
    pub operator: &'a Operator,
    pub hash: &'a str,
    pub proved: &'a ProvedPhone,
    pub evidence: &'a Evidence<PersonMismatch>,
}

pub enum Outcome {
    Stored,
    /// By the same form.
    StoredBefore,
    /// The telephone must be proved anew.
    ProofIsGone,
    Taken(Taken),
}

impl New<'_> {
    /// # Errors
    /// When the database fails.
    pub async fn store(&self, app: &App, visitor: &Visitor, manager: &Manager) -> web::Result<Outcome> {
        match self.try_to_store(app, visitor, manager).await {
            // Another form was faster, between our look and our writing: now the look finds whom.
            Err(web::Error::Fault(error)) if is_taken(&error) => {
                self.try_to_store(app, visitor, manager).await
            }
            outcome => outcome,
        }
    }

    async fn try_to_store(&self, app: &App, visitor: &Visitor, manager: &Manager) -> web::Result<Outcome> {
        let (operator, unit) = (self.operator, &manager.unit);
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        manager.must_still_manage(app, &mut tx, &[]).await?;
        let (purpose, phone, token) = (Purpose::OperatorPhone, &self.proved.phone, &self.proved.token);
        let outcome = match sms_code::spend(app, &mut tx, &visitor.caller, purpose, phone, token).await? {
            Standing::Good => {
                let taken = changes::taken(&mut tx, &app.vault, &unit.id, operator).await?;
                (taken != Taken::default()).then_some(Outcome::Taken(taken))
            }
            Standing::Spent => Some(Outcome::StoredBefore),
            Standing::Missing => Some(Outcome::ProofIsGone),
        };
        if let Some(outcome) = outcome {
            // The proof of a refused form stays good.
            tx.rollback().await?;
            return Ok(outcome);
        }
        let (kind, assurance) = (AccountKind::Operator, self.evidence.assurance());
        accounts::insert(&mut tx, &operator.id, kind, Some(self.hash), assurance, now).await?;
        operators::insert(&mut tx, &app.vault, &unit.id, operator, now).await?;
        if *self.evidence == Evidence::Waiting {
            evidence::ask_later(app, &mut tx, &operator.id, true).await?;
        }
        let after = Some(snapshot(operator));
        let record = Record { event: "operator_added", operator_id: &operator.id, before: None, after };
        record.write(app, &mut tx, visitor, manager).await?;
        let text = format!(
            "您已被“{}”登记为经办人，可在“经办人账号登录”页面使用手机号码或证件号码登录，密码请向该单位索取。如非本人同意，请联系该单位。",
            unit.name
        );
        text_message::notify(app, &mut tx, Some(&operator.phone), &text).await?;
        tx.commit().await?;
        Ok(Outcome::Stored)
    }
}

fn is_taken(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<sqlx::Error>().is_some_and(is_duplicate))
}
