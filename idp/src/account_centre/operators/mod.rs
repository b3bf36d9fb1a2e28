//! 三 我的经办人: whom a unit has named to act for it, and what whoever manages them may do.

pub(super) mod access;
pub mod add;
pub mod edit;
pub mod list;
pub mod password;
mod record;
pub mod remove;
mod rights;
pub mod standing;
pub mod verify;
