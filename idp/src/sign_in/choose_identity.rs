//! 选择办事身份: a person who is operator of units, too, says as whom they go on.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared;
use crate::app::App;
use crate::guard::identities::{self, Choice, Identity};
use crate::guard::pending::{self, Display};
use crate::guard::sessions::Session;
use crate::guard::sms_code::{self, Purpose};
use crate::web::captcha::CaptchaView;
use crate::web::phone::{CodeFields, sent_to};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, cookies, urls};

#[derive(Template)]
#[template(path = "sign_in/choose_identity.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    portal_name: String,
    masked_name: String,
    masked_phone: String,
    identities: Vec<&'a Identity>,
    chosen: String,
    /// The portal asked for one of them.
    is_asked: bool,
    needs_code: bool,
    captcha: Option<CaptchaView>,
    notice: Option<String>,
    action: String,
    another_account: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    account: String,
    #[serde(flatten)]
    code: CodeFields,
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
) -> web::Result<Response> {
    let Some((session, choice)) = choice(&app, &visitor).await? else { return Ok(go_on(&visitor, &query)) };
    let display = display(&app, &visitor, &query).await?;
    let only_here = choice.identities.iter().all(|identity| identity.account_id == session.account_id);
    let as_person = display.account_type.as_deref() == Some("natural_person");
    // Nobody is asked on the way who has nothing to choose; who came to choose is told so.
    if (only_here || as_person) && (query.request().is_some() || query.is_fresh()) {
        return Ok(go_on(&visitor, &query));
    }
    show(&app, &visitor, (&session, &choice), &query, &display, Errors::none(), None).await
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<shared::Query>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let Some((session, mut choice)) = choice(&app, &visitor).await? else {
        return Ok(go_on(&visitor, &query));
    };
    let display = display(&app, &visitor, &query).await?;
    let (caller, with) = (&visitor.caller, (&session, &choice));
    if choice.needs_code
        && form.account != session.account_id
        && let Some(phone) = choice.phone.clone()
    {
        if !form.code.is_submission() {
            let sent = form.code.send_if_asked(&app, &visitor, Purpose::ChooseIdentity, &phone).await?;
            let (errors, notice) = match sent {
                Ok(sent) => (Errors::none(), sent.then(|| sent_to(&phone))),
                Err(errors) => (errors, None),
            };
            return show(&app, &visitor, with, &query, &display, errors, notice).await;
        }
        let code = form.code.code();
        let proved =
            sms_code::prove_as(&app, caller, Purpose::ChooseIdentity, &phone, code, &session.sid).await?;
        if let Err(refusal) = proved {
            let errors = Errors::none().at("phone_code", refusal.to_string());
            return show(&app, &visitor, with, &query, &display, errors, None).await;
        }
        choice.needs_code = false;
    }
    let current = (visitor.session_token.as_deref(), &session);
    match identities::choose(&app, caller, current, &choice, &form.account).await? {
        Ok(token) => {
            let mut response = go_on(&visitor, &query);
            if let Some(token) = token {
                cookies::set_for_session(response.headers_mut(), cookies::SESSION, &token);
            }
            Ok(response)
        }
        Err(refusal) => {
            let errors = Errors::none().at("account", refusal.to_string());
            show(&app, &visitor, (&session, &choice), &query, &display, errors, None).await
        }
    }
}

async fn choice(app: &App, visitor: &Visitor) -> anyhow::Result<Option<(Session, Choice)>> {
    let Some(session) = visitor.session().await? else { return Ok(None) };
    let choice = identities::of_session(app, &visitor.caller, &session).await?;
    Ok(choice.map(|choice| (session, choice)))
}

async fn display(app: &App, visitor: &Visitor, query: &shared::Query) -> anyhow::Result<Display> {
    let pending = match query.request() {
        Some(id) => pending::find(app, &visitor.caller, id).await?,
        None => None,
    };
    Ok(pending.map(|pending| pending.display).unwrap_or_default())
}

fn go_on(visitor: &Visitor, query: &shared::Query) -> Response {
    visitor.go(&urls::with_request(urls::SIGN_IN_FINISH, query.request()))
}

async fn show(
    app: &App,
    visitor: &Visitor,
    (session, choice): (&Session, &Choice),
    query: &shared::Query,
    display: &Display,
    errors: Errors,
    notice: Option<String>,
) -> web::Result<Response> {
    let refused = errors.any();
    let wanted = display.acting_for.as_deref();
    let asked: Vec<&Identity> = choice
        .identities
        .iter()
        .filter(|identity| wanted.is_some_and(|wanted| identity.acts_for(wanted)))
        .collect();
    let is_asked = !asked.is_empty();
    let identities = if is_asked { asked } else { choice.identities.iter().collect() };
    let chosen = if is_asked { identities[0].account_id.clone() } else { session.account_id.clone() };
    let page = Page {
        frame: visitor.frame(),
        errors,
        portal_name: display.portal_name.clone(),
        masked_name: choice.masked_name.clone(),
        masked_phone: choice.phone.as_ref().map(|phone| phone.masked()).unwrap_or_default(),
        identities,
        chosen,
        is_asked,
        needs_code: choice.needs_code,
        captcha: if choice.needs_code { CaptchaView::before_sending(app).await? } else { None },
        notice,
        action: urls::with_request(urls::SIGN_IN_CHOOSE_IDENTITY, query.request()),
        another_account: urls::with_request(urls::SIGN_IN_OPERATOR, query.request()),
    };
    let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
    Ok(Visitor::allow_form_to(response, display.form_target.clone()))
}
