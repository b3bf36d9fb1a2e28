//! 三, 七 企业中心: what an account's owner sees of it and changes in it.

pub mod operators;
pub mod overview;
mod shared;
