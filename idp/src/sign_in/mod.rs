//! 四 登录: the three password pages and what follows them.

pub mod choose_identity;
pub mod finish;
pub mod legal_entity;
pub mod operator;
pub mod personal;
mod shared;
