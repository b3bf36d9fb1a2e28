//! What portals talk to: OpenID Connect Core 1.0 and the OAuth 2.0 family, a file an endpoint.

pub mod access_token;
pub mod acr;
pub mod at_resource;
pub mod authorization_request;
pub mod authorize;
pub mod claims;
pub mod client_auth;
pub mod cors;
pub mod device;
pub mod discovery;
pub mod dpop;
pub mod dynamic_registration;
pub mod envelope;
pub mod error;
pub mod grants;
pub mod id_token;
pub mod introspection;
pub mod jarm;
pub mod logout_notice;
mod numeric_date;
pub mod oxide;
pub mod par;
pub mod registration;
pub mod request_object;
pub mod response_mode;
pub mod revocation;
pub mod sector;
pub mod sender_constraint;
pub mod subject;
pub mod token;
pub mod unanswered;
pub mod userinfo;
pub mod verified_claims;

/// Known to the account centre, too.
pub use crate::domain::scopes;
