//! 扫码登录 at the telephone: a page for any telephone's browser, and JSON for the app. The rule is in `guard/qr`.

pub mod api;
pub mod code;
