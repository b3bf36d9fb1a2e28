//! A unified identity authentication platform: an OpenID Connect provider for legal entities, the operators who act
//! for them, and persons. `docs/architecture.md` says how it is built.

pub mod account_centre;
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod guard;
pub mod janitor;
pub mod oidc;
pub mod operations;
pub mod platform;
pub mod recovery;
pub mod registration;
pub mod router;
pub mod scan;
pub mod server;
pub mod sign_in;
pub mod sign_out;
pub mod site;
pub mod store;
pub mod web;
