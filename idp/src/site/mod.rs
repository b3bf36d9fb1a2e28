//! Pages that belong to no chapter: the start, help, accessibility, display switches, captchas, parts not open yet.

pub mod captcha;
pub mod display;
pub mod information;
pub mod notice;
pub mod sms_code;
