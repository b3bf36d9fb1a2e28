//! Which page a sign-in opens with: what the portal asked for, else what the visitor chose before, else the code.

use super::{Visitor, urls};
use crate::app::App;
use crate::config::OpensWith;
use crate::guard::pending::Display;

/// The page's path.
pub fn opening(app: &App, visitor: &Visitor, asked: &Display) -> &'static str {
    let wants_password = asked.account_type_page().is_some()
        || asked.login_hint.is_some()
        || asked.needs_password()
        || asked.wants_new_sign_in()
        || visitor.prefers_password
        // Nobody can scan the screen in their hand.
        || visitor.is_mobile
        || app.config.sign_in.opens_with == OpensWith::Password;
    if wants_password { password_page(asked) } else { urls::SIGN_IN_QR }
}

/// The password page that fits.
pub fn password_page(asked: &Display) -> &'static str {
    asked.account_type_page().unwrap_or(urls::SIGN_IN_PERSONAL)
}

impl Display {
    fn account_type_page(&self) -> Option<&'static str> {
        match self.account_type.as_deref() {
            Some("legal_entity") => Some(urls::SIGN_IN_LEGAL_ENTITY),
            Some("operator") => Some(urls::SIGN_IN_OPERATOR),
            Some("natural_person") => Some(urls::SIGN_IN_PERSONAL),
            _ => None,
        }
    }
}
