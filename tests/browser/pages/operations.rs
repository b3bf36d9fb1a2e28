//! The operators' page of what has not reached a portal yet.

use std::time::Duration;

use anyhow::Result;
use idp::guard::logout_notices::{self, LOGOUT_NOTICE, LogoutNotice};
use idp::store::outbox;
use serde_json::json;

use super::Walk;
use crate::support::Portal;

impl Walk<'_> {
    pub(super) async fn waiting_notices(&mut self) -> Result<()> {
        let provider = &self.demo.provider;
        let page = format!("{}/logout-notices", provider.operations);
        self.browser.goto(&page).await?;
        self.here("operations-no-logout-notices").await?;
        // Nobody listens there.
        let changes =
            json!({ "client_name": "长春示例门户", "backchannel_logout_uri": "http://localhost:9/notice" });
        let portal = Portal::register_with(provider, "portal-that-is-away", changes).await;
        let notice =
            LogoutNotice { client_id: portal.id.clone(), account_id: "a".to_owned(), sid: "s".to_owned() };
        let mut tx = provider.app.store.begin().await?;
        let (vault, now, day) =
            (&provider.app.vault, provider.clock.now(), idp::domain::timestamp::Span::days(1));
        outbox::insert(&mut tx, vault, LOGOUT_NOTICE, &serde_json::to_string(&notice)?, now, day).await?;
        tx.commit().await?;
        for _ in 0..500 {
            let waiting = logout_notices::waiting(&provider.app, 10).await?;
            if waiting.iter().any(|notice| notice.last_error.is_some()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.browser.goto(&page).await?;
        self.here("operations-logout-notices").await
    }
}
