//! What is kept, where, and for how long; what happens when it is away, or shared.

mod expiry;
mod instances;
mod outage;
mod schema;
mod secrecy;
