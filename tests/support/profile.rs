//! Standard claims for the demonstration's person, as an administrator would set them.

use idp::domain::profile::Profile;
use idp::store::profiles;
use serde_json::Value;

use super::{TestApp, sql};

pub async fn give(app: &TestApp, claims: &Value) {
    let id = sql::text(app, "SELECT account_id FROM persons WHERE login_name = 'liying2026'").await;
    let profile = Profile::parse(&claims.to_string()).unwrap();
    let mut tx = app.app.store.begin().await.unwrap();
    profiles::put(&mut tx, &app.app.vault, &id, &profile, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}
