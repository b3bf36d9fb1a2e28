//! 演示手机: text messages that the provider sends, for everyone to read. There is no network of
//! mobile phones in a demonstration; `pages/phone.rs` shows what has arrived.

pub mod gateway;
pub mod messages;
