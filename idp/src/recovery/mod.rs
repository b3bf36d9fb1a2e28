//! 五 忘记密码: a new password for whoever can no longer give the old one, in four steps.

pub mod done;
pub mod set_password;
mod shared;
pub mod verify_identity;
pub mod verify_sms;
