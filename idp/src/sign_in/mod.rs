//! 四 登录: the three password pages, the code, and what follows them.

pub mod choose_identity;
pub mod finish;
pub mod new_password;
pub mod operator;
pub mod own_account;
pub mod qr;
mod shared;
