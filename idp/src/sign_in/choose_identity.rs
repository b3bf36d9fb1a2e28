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
    /// There is nobody else to go on as, and nowhere to go on to.
    only_here: bool,
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
    let only_here = is_only_here(&session, &choice);
    let as_person = display.account_type.as_deref() == Some("natural_person");
    // Nobody is asked on the way who has nothing to choose; who came to choose is told so.
    if (only_here || as_person) && (query.request().is_some() || query.is_fresh()) {
        return Ok(go_on(&visitor, &query));
    }
    let shown = Shown { session: &session, query: &query, display: &display, picked: "" };
    shown.show(&app, &visitor, &choice, Errors::none(), None).await
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
    let caller = &visitor.caller;
    let shown = Shown { session: &session, query: &query, display: &display, picked: &form.account };
    if choice.needs_code
        && let Some(phone) = choice.phone.clone()
    {
        // Whoever presses a button beside a field may not have chosen yet.
        if !form.code.is_submission() {
            let sent = form.code.send_if_asked(&app, &visitor, Purpose::ChooseIdentity, &phone).await?;
            let (errors, notice) = match sent {
                Ok(sent) => (Errors::none(), sent.then(|| sent_to(&phone))),
                Err(errors) => (errors, None),
            };
            return shown.show(&app, &visitor, &choice, errors, notice).await;
        }
        // Nobody proves anything to stay who they are.
        if form.account != session.account_id {
            let code = form.code.code();
            let proved =
                sms_code::prove_as(&app, caller, Purpose::ChooseIdentity, &phone, code, &session.sid).await?;
            if let Err(refusal) = proved {
                let errors = Errors::none().at("phone_code", refusal.to_string());
                return shown.show(&app, &visitor, &choice, errors, None).await;
            }
            choice.note_code();
        }
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
            shown.show(&app, &visitor, &choice, errors, None).await
        }
    }
}

async fn choice(app: &App, visitor: &Visitor) -> anyhow::Result<Option<(Session, Choice)>> {
    let Some(session) = visitor.session().await? else { return Ok(None) };
    let choice = identities::of_session(app, &visitor.caller, &session).await?;
    Ok(choice.map(|mut choice| {
        // Who can only stay proves nothing.
        choice.needs_code &= !is_only_here(&session, &choice);
        (session, choice)
    }))
}

fn is_only_here(session: &Session, choice: &Choice) -> bool {
    choice.identities.iter().all(|identity| identity.account_id == session.account_id)
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

/// What the page shows, and to whom.
struct Shown<'a> {
    session: &'a Session,
    query: &'a shared::Query,
    display: &'a Display,
    /// The account that the form came back with: it stays chosen.
    picked: &'a str,
}

impl Shown<'_> {
    async fn show(
        &self,
        app: &App,
        visitor: &Visitor,
        choice: &Choice,
        errors: Errors,
        notice: Option<String>,
    ) -> web::Result<Response> {
        let refused = errors.any();
        let display = self.display;
        let wanted = display.acting_for.as_deref();
        let asked: Vec<&Identity> = choice
            .identities
            .iter()
            .filter(|identity| wanted.is_some_and(|wanted| identity.acts_for(wanted)))
            .collect();
        let is_asked = !asked.is_empty();
        let identities = if is_asked { asked } else { choice.identities.iter().collect() };
        let is_shown = |id: &str| identities.iter().any(|identity| identity.account_id == id);
        let chosen = match self.picked {
            picked if is_shown(picked) => picked,
            _ if is_asked => &identities[0].account_id,
            _ => &self.session.account_id,
        };
        let alone = is_only_here(self.session, choice);
        let page = Page {
            frame: visitor.frame(),
            errors,
            portal_name: display.portal_name.clone(),
            masked_name: choice.masked_name.clone(),
            masked_phone: choice.phone.as_ref().map(|phone| phone.masked()).unwrap_or_default(),
            chosen: chosen.to_owned(),
            identities,
            is_asked,
            // On the way to a portal, or after a refusal, there is still something to press.
            only_here: alone && !refused && self.query.request().is_none(),
            needs_code: choice.needs_code,
            captcha: if choice.needs_code { CaptchaView::before_sending(app).await? } else { None },
            notice,
            action: urls::with_request(urls::SIGN_IN_CHOOSE_IDENTITY, self.query.request()),
            another_account: urls::with_request(urls::SIGN_IN_OPERATOR, self.query.request()),
        };
        let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
        Ok(Visitor::allow_form_to(response, display.form_target.clone()))
    }
}
