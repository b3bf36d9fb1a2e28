//! What every page shows around its content, and how messages reach their fields.

use askama::Template;
use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::assets;
use super::urls;
use crate::config::SiteConfig;

/// The frame of a page: whose site it is, and how its visitor wants to see it.
pub struct Frame<'a> {
    pub site: &'a SiteConfig,
    pub lang: &'static str,
    pub large_type: bool,
    pub high_contrast: bool,
    /// Path and query of this page, to come back to.
    pub here: String,
}

impl Frame<'_> {
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Turns 大字版 (`large`) or 高对比度 (`contrast`) on or off, and comes back.
    pub fn display_link(&self, switch: &str, to: &str) -> String {
        urls::display(switch, to, &self.here)
    }
}

/// Messages for a form: one for the whole, one for each field. Some are only warnings: whoever confirms them goes on
/// (components/row.html, `confirm`).
#[derive(Debug, Clone, Default)]
pub struct Errors {
    whole: Option<String>,
    fields: Vec<(&'static str, String)>,
    warned: Vec<&'static str>,
}

impl Errors {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn whole(message: impl Into<String>) -> Self {
        Self { whole: Some(message.into()), ..Self::default() }
    }

    #[must_use]
    pub fn at(mut self, field: &'static str, message: impl Into<String>) -> Self {
        self.fields.push((field, message.into()));
        self
    }

    /// The same in place: see [`Errors::is_first`] for their order.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.fields.push((field, message.into()));
    }

    /// Asks to look at a field again, unless its name is among those that were confirmed. Nothing else may be wrong
    /// with that field.
    pub fn warn(&mut self, field: &'static str, message: impl Into<String>, confirmed: &str) {
        if confirmed.split(' ').all(|name| name != field) {
            self.warned.push(field);
            self.add(field, message);
        }
    }

    /// A field read by `parse`; `missing` is said of an empty one.
    pub fn take<T, E: std::fmt::Display>(
        &mut self,
        field: &'static str,
        text: &str,
        missing: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if text.trim().is_empty() {
            self.add(field, missing);
            return None;
        }
        parse(text).map_err(|error| self.add(field, error.to_string())).ok()
    }

    pub fn alert(&self) -> Option<&str> {
        self.whole.as_deref()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, message)| message.as_str())
    }

    /// Each field's message, in the page's order.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().map(|(field, message)| (*field, message.as_str()))
    }

    /// Whether something is wrong with a field, rather than to be looked at again.
    pub fn is_wrong(&self, name: &str) -> bool {
        self.field(name).is_some() && !self.warned.contains(&name)
    }

    pub const fn any_warning(&self) -> bool {
        !self.warned.is_empty()
    }

    /// What the script beside the fields is told (assets/check.js): JSON `{field: {message, warning}}`.
    pub fn told(&self) -> Response {
        let told = self.each().map(|(field, message)| {
            (field.to_owned(), json!({ "message": message, "warning": !self.is_wrong(field) }))
        });
        Json(Value::Object(told.collect())).into_response()
    }

    /// Nothing is wrong; some of it is to be looked at again.
    pub fn only_warnings(&self) -> bool {
        self.any() && self.fields.len() == self.warned.len() && self.whole.is_none()
    }

    /// The names to confirm next time: those confirmed already, and those warned of now.
    pub fn to_confirm(&self, confirmed: &str) -> String {
        let names: Vec<&str> = confirmed.split_whitespace().chain(self.warned.iter().copied()).collect();
        names.join(" ")
    }

    /// Whether this is the field to go to first: errors are added in the page's order.
    pub fn is_first(&self, name: &str) -> bool {
        self.fields.first().is_some_and(|(field, _)| *field == name)
    }

    pub fn any(&self) -> bool {
        self.whole.is_some() || !self.fields.is_empty()
    }
}

/// Renders a page.
///
/// # Errors
/// When the template fails, which only a fault in it can cause.
pub fn render(page: &impl Template) -> super::Result<Response> {
    Ok(Html(page.render()?).into_response())
}
