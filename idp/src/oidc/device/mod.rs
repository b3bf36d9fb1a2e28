//! The device grant (RFC 8628), for windows and terminals in service halls: a device shows a code, its user types it
//! here, signs in, and agrees. `grants/device_code.rs` is how the device learns of it.

pub mod authorization;
pub mod confirm;
pub mod enter;
pub mod qr;
pub mod user_code;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::guard::pending::{self, Pending};
use crate::platform::random;
use crate::web::params::Params;
use crate::web::{self, Visitor};

/// What waits while its visitor signs in: see `guard/pending.rs`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceRequest {
    /// The hash of the device code, base64url.
    device: String,
}

impl DeviceRequest {
    fn new(id_hash: &[u8]) -> Self {
        Self { device: random::base64url(id_hash) }
    }

    fn id_hash(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(&self.device).ok()
    }
}

/// The pending request of the URL, if it is a device's, with the hash of its code.
async fn pending_device(
    app: &App,
    visitor: &Visitor,
    query: Option<&str>,
) -> web::Result<Option<(Pending, Vec<u8>)>> {
    let Ok(params) = Params::parse(query.unwrap_or_default().as_bytes()) else { return Ok(None) };
    let Some(id) = params.get("request") else { return Ok(None) };
    let Some(pending) = pending::find(app, &visitor.caller, id).await? else { return Ok(None) };
    let request = DeviceRequest::deserialize(&pending.request).ok();
    Ok(request.and_then(|request| request.id_hash()).map(|id_hash| (pending, id_hash)))
}
