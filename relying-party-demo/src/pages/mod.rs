//! What the portals show.

pub mod application;
pub mod cases;
pub mod hall;
pub mod home;
pub mod jishiban;
pub mod mobile_app;
pub mod phone;
pub mod registers;
