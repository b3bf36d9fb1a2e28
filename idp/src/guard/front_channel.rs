//! Which portals are told of a session's end by way of the browser (OpenID Connect Front-Channel Logout 1.0).

use anyhow::Result;
use url::Url;

use super::sessions;
use crate::app::App;
use crate::store::grants;

/// One of them.
#[derive(Debug)]
pub struct Notice {
    pub portal_name: String,
    /// The registered address, with `iss` and `sid`.
    pub address: String,
    pub origin: String,
}

/// The portals of a session that want to be told by way of the browser; none while it goes on. Who asks may have no more
/// than an ID token of it, and must not learn where it is used, nor end it there.
///
/// # Errors
/// When the database fails.
pub async fn notices(app: &App, sid: &str) -> Result<Vec<Notice>> {
    let mut notices = Vec::new();
    if sessions::goes_on(app, sid).await? {
        return Ok(notices);
    }
    for client_id in grants::clients_now_of_session(&app.store, sid).await? {
        let client = app.clients.find(&app.store, &client_id).await?;
        let registered =
            client.as_ref().and_then(|client| client.metadata.frontchannel_logout_uri.as_deref());
        if let (Some(client), Some(Ok(mut address))) = (&client, registered.map(Url::parse)) {
            address.query_pairs_mut().append_pair("iss", &app.config.issuer).append_pair("sid", sid);
            notices.push(Notice {
                portal_name: client.metadata.client_name.clone(),
                origin: address.origin().ascii_serialization(),
                address: address.into(),
            });
        }
    }
    Ok(notices)
}
