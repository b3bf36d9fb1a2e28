//! Our parameters, as oxide-auth's machines want to see a request.

use std::borrow::Cow;

use oxide_auth::code_grant::{accesstoken, authorization, client_credentials, refresh};

use crate::web::params::Params;

/// An authorization request.
pub struct Request<'a>(pub &'a Params);

impl Request<'_> {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(Cow::Borrowed)
    }
}

impl authorization::Request for Request<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        self.text("client_id")
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.text("redirect_uri")
    }
    fn state(&self) -> Option<Cow<'_, str>> {
        self.text("state")
    }
    /// The one that the machine knows; which the client may use has been checked.
    fn response_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("code"))
    }
    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.text(key)
    }
}

/// A token request whose client has proved who it is.
pub struct Authenticated<'a> {
    pub params: &'a Params,
    pub client_id: &'a str,
}

impl Authenticated<'_> {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.get(name).map(Cow::Borrowed)
    }

    fn credentials(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.client_id), Cow::Borrowed(b"")))
    }
}

impl accesstoken::Request for Authenticated<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        self.text("code")
    }
    fn authorization(&self) -> accesstoken::Authorization<'_> {
        accesstoken::Authorization::Username(Cow::Borrowed(self.client_id))
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.text("redirect_uri")
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl refresh::Request for Authenticated<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.text("refresh_token")
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        self.credentials()
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl client_credentials::Request for Authenticated<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        self.credentials()
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}
