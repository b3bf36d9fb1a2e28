//! Encrypted request objects (RFC 9101 section 6.1, OpenID Connect Core section 6.1): a JWE to one of the provider's keys,
//! with the signed object inside.

use std::borrow::Cow;

use super::{refuse, short_type};
use crate::app::App;
use crate::domain::client::Client;
use crate::oidc::error::OAuthError;
use crate::platform::keys::Jwe;

/// The signed object: of an encrypted one what is inside, otherwise the text itself.
///
/// # Errors
/// `invalid_request_object` where it can't be decrypted, and where the client registered another way.
pub fn opened<'a>(app: &App, client: &Client, text: &'a str) -> Result<Cow<'a, str>, OAuthError> {
    let metadata = &client.metadata;
    if text.split('.').count() != 5 {
        return match metadata.request_object_encryption_alg {
            Some(_) => Err(refuse("the client must encrypt its request objects")),
            None => Ok(Cow::Borrowed(text)),
        };
    }
    let jwe = Jwe::read(text).map_err(refuse)?;
    // Registration section 2: who registered none may encrypt as it likes.
    if metadata.request_object_encryption_alg.is_some_and(|only| only != jwe.alg) {
        return Err(refuse("alg of the JWE is not that of request_object_encryption_alg"));
    }
    if metadata.request_object_encryption_enc.is_some_and(|only| only != jwe.enc) {
        return Err(refuse("enc of the JWE is not that of request_object_encryption_enc"));
    }
    // RFC 7519 section 5.2 asks for JWT; what is inside must be a signed one in any case.
    let content_type = jwe.content_type.as_deref().map(short_type);
    if !matches!(content_type.as_deref(), None | Some("jwt" | "oauth-authz-req+jwt")) {
        return Err(refuse("cty of the JWE must be JWT"));
    }
    let inside = app.keys.decrypt(&jwe, app.clock.now());
    let inside = inside.and_then(|inside| String::from_utf8(inside).ok());
    // In the same words whatever failed: nobody learns by tries what is inside.
    inside.map(Cow::Owned).ok_or(refuse("the request object was not encrypted to a key of this provider"))
}
