//! 短信验证: the code that went to the account's own telephone.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;

use super::shared::Query;
use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::recovery::{self, Begun};
use crate::guard::sms_code::{self, Purpose};
use crate::web::captcha::CaptchaView;
use crate::web::phone::CodeFields;
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "recovery/verify_sms.html")]
struct Page<'a> {
    frame: Frame<'a>,
    step: usize,
    errors: Errors,
    notice: Option<String>,
    /// A right claim comes here also if the number has had too many codes.
    is_unsent: bool,
    action: String,
    begin: String,
    /// Whose unit can give them another number.
    of_operator: bool,
    captcha: Option<CaptchaView>,
}

/// No number, not even a masked one: nothing of the account is shown before it is proved.
const SENT: &str = "验证码已发送至该账号绑定的手机号，请注意查收";

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    match recovery::find(&app, &visitor.caller, &query.recovery).await? {
        None => Ok(query.restart(&visitor)),
        Some(begun) if begun.proved => Ok(go_on(&visitor, &query)),
        Some(begun) => show(&app, &visitor, &query, &begun, Errors::none()).await,
    }
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
    SafeForm(form): SafeForm<CodeFields>,
) -> web::Result<Response> {
    let caller = &visitor.caller;
    let Some(begun) = recovery::find(&app, caller, &query.recovery).await? else {
        return Ok(query.restart(&visitor));
    };
    if begun.proved {
        return Ok(go_on(&visitor, &query));
    }
    if !form.is_submission() {
        let sent = form.send_if_asked(&app, &visitor, Purpose::Recovery, &begun.phone).await?;
        return show(&app, &visitor, &query, &begun, sent.err().unwrap_or_default()).await;
    }
    match recovery::prove(&app, caller, &query.recovery, &begun, form.code()).await? {
        Ok(()) => Ok(go_on(&visitor, &query)),
        Err(refusal) => {
            let errors = Errors::none().at("phone_code", refusal.to_string());
            show(&app, &visitor, &query, &begun, errors).await
        }
    }
}

fn go_on(visitor: &Visitor, query: &Query) -> Response {
    visitor.go(&query.step(urls::RECOVERY_SET_PASSWORD, &query.recovery))
}

async fn show(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    begun: &Begun,
    errors: Errors,
) -> web::Result<Response> {
    let refused = errors.any();
    let is_sent = sms_code::is_sent(app, &visitor.caller, Purpose::Recovery, &begun.phone).await?;
    let page = Page {
        frame: visitor.frame(),
        step: 2,
        notice: (!refused && is_sent).then(|| SENT.to_owned()),
        is_unsent: !refused && !is_sent,
        errors,
        action: query.step(urls::RECOVERY_VERIFY_SMS, &query.recovery),
        begin: query.begin(query.kind()),
        of_operator: query.kind() == AccountKind::Operator,
        captcha: CaptchaView::before_sending(app).await?,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
