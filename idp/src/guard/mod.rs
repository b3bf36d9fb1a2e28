//! What stands between a visitor and an account.

pub mod access_token;
pub mod attempts;
pub mod captcha;
pub mod credentials;
pub mod evidence;
pub mod front_channel;
pub mod id_token_hint;
pub mod identifiers;
pub mod identities;
pub mod logout_notices;
pub mod lookups;
pub mod new_password;
pub mod own_password;
pub mod pending;
pub mod portals;
pub mod qr;
pub mod rate_limit;
pub mod recovery;
pub mod sessions;
pub mod sms_code;
pub mod text_message;
pub mod unfit_password;

use crate::store::audit;

/// Who asks: what is counted, remembered and audited of a visitor's browser.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client's address; of IPv6 the /64 that a household or office gets.
    pub address: String,
    pub user_agent: String,
    /// The browser's own long-lived secret, hashed.
    pub device_hash: Vec<u8>,
}

impl Caller {
    /// An audit entry of what this visitor does, at no portal.
    pub fn event<'a>(
        &'a self,
        event: &'a str,
        account_id: Option<&'a str>,
        detail: &'a str,
    ) -> audit::Entry<'a> {
        let (address, user_agent) = (&*self.address, &*self.user_agent);
        audit::Entry { event, account_id, client_id: None, address, user_agent, detail }
    }
}
