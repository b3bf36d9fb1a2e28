//! 办事通, the app's stand-in: reads the code of a sign-in page and confirms the sign-in through the provider's JSON
//! API, as a native app would. Its pages are in `pages/mobile_app/`.

pub mod api;
pub mod code;
#[cfg(test)]
pub mod draw_for_tests;
pub mod picture;
pub mod refusal;
pub mod scans;
pub mod upload;
