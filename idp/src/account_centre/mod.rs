//! 三, 七 企业中心: what an account's owner sees of it and changes in it.

pub mod close;
pub mod data;
pub mod details;
pub mod document;
pub mod ended;
pub mod entity_change;
pub mod history;
pub mod new_phone;
pub mod notices;
pub mod operators;
pub mod overview;
pub mod password;
pub mod phone;
pub mod portals;
pub mod representative;
pub mod sessions;
mod shared;
