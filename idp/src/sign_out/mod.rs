//! 退出登录: the end-session endpoint (OpenID Connect RP-Initiated Logout 1.0) and its pages.

pub mod confirm;
pub mod done;
pub mod end_session;
pub mod front_channel;
