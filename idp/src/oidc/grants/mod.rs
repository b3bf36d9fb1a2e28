//! The grants of the token endpoint, a file each.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;
