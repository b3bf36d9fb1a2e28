//! What every page needs.

pub mod assets;
pub mod captcha;
pub mod cookies;
pub mod document;
pub mod error;
pub mod forms;
pub mod headers;
pub mod new_password;
pub mod page;
pub mod params;
pub mod phone;
pub mod requests;
pub mod return_to;
pub mod shown_token;
pub mod sign_in_door;
pub mod urls;
pub mod visitor;

pub use error::{Error, Problem, Result};
pub use forms::SafeForm;
pub use page::{Errors, Frame};
pub use visitor::Visitor;
