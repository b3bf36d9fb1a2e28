//! Plain values of the trade: each is checked when it is made and cannot be wrong afterwards.
//! Nothing here reads a clock, a file or a network; where a rule depends on the day, the day is
//! an argument.

mod citizen_number;
pub mod client;
pub mod client_keys;
pub mod confirmation;
pub mod credit_code;
pub mod date;
pub mod distinguished_name;
pub mod document_type;
pub mod encryption_alg;
pub mod entity_type;
pub mod identity_document;
pub mod login_name;
pub mod mask;
pub mod normalize;
pub mod operator_term;
pub mod password;
pub mod person_name;
pub mod phone;
pub mod principal;
pub mod profile;
pub mod qr_ticket;
pub mod resident_id;
pub mod scopes;
pub mod signing_alg;
pub mod term;
pub mod timestamp;
pub mod unit_name;
pub mod user_agent;
pub mod validity;
pub mod words;
