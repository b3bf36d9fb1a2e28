//! The `sub` claim (OpenID Connect Core section 8): stable, never given to another account, and for pairwise clients
//! different in each sector.

use crate::app::App;
use crate::domain::client::{Client, SubjectType};
use crate::platform::vault::Purpose;

pub fn subject(app: &App, client: &Client, account_id: &str) -> String {
    match client.metadata.subject_type {
        SubjectType::Public => account_id.to_owned(),
        SubjectType::Pairwise => {
            app.vault.derive(Purpose::PairwiseSubject, &format!("{}|{account_id}", client.sector()))
        }
    }
}
