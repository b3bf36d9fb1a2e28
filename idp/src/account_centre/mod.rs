//! 三, 七 企业中心: what an account's owner sees of it.

pub mod overview;
