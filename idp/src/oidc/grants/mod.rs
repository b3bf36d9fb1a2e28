//! How a client comes to tokens, a file a `grant_type`.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod redemption;
pub mod refresh_token;
pub mod token_exchange;
