//! 修改手机号, step 1: prove the number bound so far, or the password where there is none.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::password::Password;
use crate::guard::own_password;
use crate::guard::sms_code::{self, Purpose};
use crate::web::captcha::CaptchaView;
use crate::web::phone::{CodeFields, sent_to};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/phone.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    has_phone: bool,
    captcha: Option<CaptchaView>,
    notice: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    password: Password,
    #[serde(flatten)]
    code: CodeFields,
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&app, &visitor, &owner, Errors::none(), None).await
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let (caller, sid) = (&visitor.caller, &owner.session.sid);
    let proved = match owner.phone() {
        Some(phone) if !form.code.is_submission() => {
            return match form.code.send_if_asked(&app, &visitor, Purpose::OldPhone, &phone).await? {
                Ok(sent) => {
                    let notice = sent.then(|| sent_to(&phone));
                    show(&app, &visitor, &owner, Errors::none(), notice).await
                }
                Err(errors) => show(&app, &visitor, &owner, errors, None).await,
            };
        }
        Some(phone) => sms_code::prove_as(&app, caller, Purpose::OldPhone, &phone, form.code.code(), sid)
            .await?
            .map_err(|refusal| Errors::none().at("phone_code", refusal.to_string())),
        None => match own_password::check(&app, caller, &owner.principal, &form.password).await? {
            Ok(()) => {
                sms_code::note_without_phone(&app, caller, Purpose::OldPhone, sid).await?;
                Ok(())
            }
            Err(refusal) => Err(Errors::none().at("password", refusal.to_string())),
        },
    };
    match proved {
        Ok(()) => Ok(visitor.go(urls::ACCOUNT_NEW_PHONE)),
        Err(errors) => show(&app, &visitor, &owner, errors, None).await,
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    errors: Errors,
    notice: Option<String>,
) -> web::Result<Response> {
    let refused = errors.any();
    let has_phone = owner.phone().is_some();
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("修改手机号"),
        errors,
        has_phone,
        captcha: if has_phone { CaptchaView::before_sending(app).await? } else { None },
        notice,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
