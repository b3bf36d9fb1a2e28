//! 二 法人注册, 个人注册: how an account comes to be.

pub mod agreements;
pub mod done;
pub mod legal_entity;
pub mod personal;
mod shared;
mod submission;
