//! End-to-end tests, a file a chapter of the manual, plus the protocol, attacks, storage, browsers and the house
//! itself. Everything goes through the real server over HTTP, on SQLite and on PostgreSQL.

#[macro_use]
mod support;

mod account_centre;
mod architecture;
mod attacks;
mod browser;
mod certification;
mod interoperability;
mod mobile_app;
mod oidc_protocol;
mod operations;
mod operators;
mod recovery;
mod registration;
mod scan;
mod sign_in;
mod storage;
mod wire;
