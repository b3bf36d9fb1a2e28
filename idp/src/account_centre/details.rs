//! 拓展信息: how else the unit can be reached; the owner's to edit, and nobody's to check.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::normalize::{is_hidden, normalize};
use crate::store::account_changes::{self, Change};
use crate::store::{account_details, audit};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/details.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    form: Details,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Details {
    address: String,
    postal_code: String,
    email: String,
    landline: String,
    website: String,
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor, owner: Owner) -> web::Result<Response> {
    if owner.own_unit().is_none() {
        return Ok(visitor.go(urls::ACCOUNT));
    }
    let stored = account_details::find(&app.store, &app.vault, owner.account_id()).await?;
    let form = stored.and_then(|stored| serde_json::from_str(&stored).ok()).unwrap_or_default();
    let centre = owner.centre("拓展信息");
    visitor.show(&Page { frame: visitor.frame(), centre, errors: Errors::none(), form })
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Details>,
) -> web::Result<Response> {
    if owner.own_unit().is_none() {
        return Ok(visitor.go(urls::ACCOUNT));
    }
    let form = form.normalized();
    let errors = form.check();
    if errors.any() {
        let centre = owner.centre("拓展信息");
        return visitor.show_refused(&Page { frame: visitor.frame(), centre, errors, form });
    }
    store(&app, &visitor, &owner, &form).await?;
    Ok(visitor.go("/account?done=details"))
}

/// The rule: what was there before is kept in the history.
async fn store(app: &App, visitor: &Visitor, owner: &Owner, form: &Details) -> web::Result<()> {
    let text = serde_json::to_string(form).map_err(anyhow::Error::from)?;
    let (id, now) = (owner.account_id(), app.clock.now());
    let mut tx = app.store.begin().await?;
    owner.must_still_be_here(&mut tx, &[]).await?;
    let before = account_details::find_in(&mut tx, &app.vault, id).await?;
    if before.as_ref() == Some(&text) {
        return Ok(tx.rollback().await?);
    }
    account_details::put(&mut tx, &app.vault, id, &text, now).await?;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let (before, after) = (before.as_deref().and_then(json), json(&text));
    let (before, after) = (before.as_ref(), after.as_ref());
    let change = Change { account_id: id, kind: "details", actor_id: id, before, after };
    account_changes::insert(&mut tx, &app.vault, &change, now).await?;
    audit::insert(&mut tx, &owner.event(visitor, "details_changed", ""), now).await?;
    Ok(tx.commit().await?)
}

impl Details {
    fn normalized(self) -> Self {
        Self {
            address: normalize(&self.address),
            postal_code: normalize(&self.postal_code),
            email: normalize(&self.email),
            landline: normalize(&self.landline),
            website: normalize(&self.website),
        }
    }

    fn check(&self) -> Errors {
        let mut errors = Errors::none();
        let mut demand = |field, fits: bool, message: &str| {
            if !fits {
                errors.add(field, message);
            }
        };
        let plain = |text: &str, most: usize| {
            text.chars().count() <= most && !text.chars().any(|c| is_hidden(c) || c == '<' || c == '>')
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        demand("address", plain(&self.address, 120), "联系地址最多120个字，且不能包含特殊符号");
        let code = &self.postal_code;
        demand("postal_code", code.is_empty() || code.len() == 6 && digits(code), "邮政编码应为6位数字");
        demand("email", self.email.is_empty() || is_email(&self.email), "电子邮箱格式不正确");
        let dialled: String = self.landline.chars().filter(|c| !"-() 转#".contains(*c)).collect();
        let landline = dialled.is_empty() || (7..=18).contains(&dialled.len()) && digits(&dialled);
        demand("landline", landline, "固定电话格式不正确");
        let website = url::Url::parse(&self.website);
        let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https");
        let fits = self.website.is_empty() || website.as_ref().is_ok_and(is_web);
        demand("website", fits && plain(&self.website, 200), "网址应以 http:// 或 https:// 开头");
        errors
    }
}

/// One `@` between two plain parts, the second with a dot: what no mail server would refuse at once.
fn is_email(text: &str) -> bool {
    let plain =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>(),;:\\\"@".contains(&byte));
    text.len() <= 100
        && text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && plain(user)
                && plain(host)
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_fine_and_what_is_wrong_is_named() {
        assert!(!Details::default().check().any());
        let wrong = Details {
            address: "<b>".to_owned(),
            postal_code: "13000".to_owned(),
            email: "a@b".to_owned(),
            landline: "043".to_owned(),
            website: "javascript:alert(1)".to_owned(),
        };
        let errors = wrong.check();
        for field in ["address", "postal_code", "email", "landline", "website"] {
            assert!(errors.field(field).is_some(), "{field}");
        }
        let right = Details {
            address: "长春市示例路1号".to_owned(),
            postal_code: "130000".to_owned(),
            email: "office@example.com".to_owned(),
            landline: "0431-00000000".to_owned(),
            website: "https://www.example.com/".to_owned(),
        };
        assert!(!right.check().any());
    }
}
