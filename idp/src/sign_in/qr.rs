//! 扫码登录: the sign-in page's other half shows a code, waits for a telephone, and lets its visitor in.

pub mod live;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

use crate::app::App;
use crate::config::UpstreamConfig;
use crate::domain::qr_ticket::View;
use crate::domain::timestamp::Timestamp;
use crate::guard::pending::{self, Display};
use crate::guard::qr::TicketId;
use crate::guard::qr::browser::{self, Occasion};
use crate::guard::sessions::Session;
use crate::store::principals;
use crate::web::{self, Errors, Frame, Problem, SafeForm, Visitor, cookies, sign_in_door, urls};

#[derive(Template)]
#[template(path = "sign_in/qr.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    portal_name: Option<String>,
    notice: Option<String>,
    upstreams: Vec<UpstreamConfig>,
    view: View,
    ticket: String,
    picture: String,
    events: String,
    state: String,
    renew: String,
    finish: String,
    /// This page with this ticket, to see how it stands.
    again: String,
    /// This page with a new ticket.
    fresh: String,
    password: String,
    /// 没有账号？立即注册
    register: String,
    step_up: Option<StepUp>,
}

impl Page<'_> {
    /// What belongs to other stages is there for the script.
    fn hidden_unless(&self, stages: &str) -> &'static str {
        if stages.split(' ').any(|stage| stage == self.view.as_str()) { "" } else { " hidden" }
    }
}

/// Somebody is signed in, and a second device is to confirm.
struct StepUp {
    account_label: String,
    without: String,
}

/// Which ticket, and what waits for it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    ticket: String,
    request: Option<String>,
}

impl Asked {
    fn ticket(&self) -> Option<TicketId> {
        TicketId::parse(&self.ticket)
    }
}

/// What the page is for.
struct Purpose {
    display: Display,
    /// Since when the telephone must have signed in, or how many seconds ago at most.
    fresh: Option<(Timestamp, u32)>,
    /// Who is signed in already, where the telephone only has to add to that.
    signed_in: Option<Session>,
}

impl Purpose {
    fn occasion<'a>(&'a self, request: Option<&'a str>) -> Occasion<'a> {
        let (portal_name, wanted) = (&*self.display.portal_name, self.signed_in.as_ref());
        // Where the telephone only adds, it is the sign-in here that must be young.
        let fresh = self.fresh.filter(|_| wanted.is_none());
        Occasion { portal_name, request, wanted, fresh }
    }
}

enum Fit {
    Here(Box<Purpose>),
    /// Not with a code.
    ByPassword(Display),
}

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> web::Result<Response> {
    // Codes are counted by address: a page elsewhere must not use up those of everybody around its visitor.
    if headers.get("sec-fetch-dest").is_some_and(|place| place != "document") {
        return Err(Problem::of_status(StatusCode::FORBIDDEN).into());
    }
    let purpose = match fit(&app, &visitor, asked.request.as_deref()).await? {
        Fit::Here(purpose) => purpose,
        Fit::ByPassword(display) => return Ok(to_password(&visitor, &display, asked.request.as_deref())),
    };
    let shown = match asked.ticket() {
        Some(id) => browser::look(&app, &visitor.caller, &id).await?.map(|seen| (id, seen.view)),
        None => None,
    };
    if matches!(shown, Some((_, View::Finished))) && visitor.session().await?.is_some() {
        return Ok(go_on(&visitor, asked.request.as_deref()));
    }
    let mut response =
        show(&app, &visitor, &purpose, asked.request.as_deref(), shown, Errors::none()).await?;
    if visitor.prefers_password && purpose.signed_in.is_none() {
        cookies::remove(response.headers_mut(), cookies::SIGN_IN);
    }
    Ok(response)
}

fn go_on(visitor: &Visitor, request: Option<&str>) -> Response {
    visitor.go(&urls::with_request(urls::SIGN_IN_FINISH, request))
}

fn to_password(visitor: &Visitor, display: &Display, request: Option<&str>) -> Response {
    visitor.go(&urls::with_request(sign_in_door::password_page(display), request))
}

/// Where a portal asks for a second device, the first one comes first: with a password, here.
async fn fit(app: &App, visitor: &Visitor, request: Option<&str>) -> web::Result<Fit> {
    let waiting = match request {
        Some(id) => pending::find(app, &visitor.caller, id).await?,
        None => None,
    };
    let created_at = waiting.as_ref().map(|waiting| waiting.created_at);
    let display = waiting.map(|waiting| waiting.display).unwrap_or_default();
    let fresh = created_at.zip(display.max_age);
    if display.at_telephone {
        return Ok(Fit::ByPassword(display));
    }
    if !display.second_device {
        return Ok(Fit::Here(Box::new(Purpose { display, fresh, signed_in: None })));
    }
    Ok(match visitor.session().await?.filter(Session::rests_on_password) {
        Some(session) => Fit::Here(Box::new(Purpose { display, fresh, signed_in: Some(session) })),
        None => Fit::ByPassword(display),
    })
}

/// GET `/sign-in/qr/code.svg`: the picture for the browser that has the ticket's secret. The code follows from that,
/// so that nothing is looked up.
///
/// # Errors
/// 404 for what is no ticket.
pub async fn picture(State(app): State<App>, Query(asked): Query<Asked>) -> web::Result<Response> {
    let id = asked.ticket().ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?;
    let address = id.code().address(&app.config.issuer);
    let code = QrCode::with_error_correction_level(address, EcLevel::M).map_err(anyhow::Error::from)?;
    let picture = code.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(8, 8).build();
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    ticket: String,
}

/// POST `/sign-in/qr/finish`: the telephone has confirmed.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let request = asked.request.as_deref();
    let session = visitor.session().await?;
    let here = (visitor.session_token.as_deref(), session.as_ref());
    let come_in = match TicketId::parse(&form.ticket) {
        Some(id) => browser::finish(&app, &visitor.caller, here, &id, request).await?,
        None => Err(browser::Refusal::Unknown),
    };
    let refusal = match come_in {
        Ok(token) => {
            let mut response = go_on(&visitor, request);
            cookies::set_for_session(response.headers_mut(), cookies::SESSION, &token);
            return Ok(response);
        }
        // Sent twice, by script and by hand, or again because no answer came: this browser is in already.
        Err(browser::Refusal::Used) if session.is_some() => return Ok(go_on(&visitor, request)),
        Err(refusal) => refusal,
    };
    match fit(&app, &visitor, request).await? {
        Fit::Here(purpose) => {
            let errors = Errors::whole(refusal.to_string());
            show(&app, &visitor, &purpose, request, None, errors).await
        }
        Fit::ByPassword(display) => Ok(to_password(&visitor, &display, request)),
    }
}

/// GET `/sign-in/qr/finish`: whoever goes back to where the form was sent.
pub async fn back(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    visitor.go(&urls::with_request(urls::SIGN_IN_QR, asked.request.as_deref()))
}

/// Who has given their password goes on without the telephone, everybody else by password.
fn too_many(refusal: &browser::Refusal, purpose: &Purpose, request: Option<&str>) -> Response {
    let (name, url) = match (&purpose.signed_in, request) {
        (Some(_), Some(request)) => ("不扫码，继续", urls::without_second_device(request)),
        _ => ("密码登录", urls::with_request(urls::SIGN_IN_PASSWORD, request)),
    };
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "操作过于频繁", refusal.to_string());
    let mut response = problem.onward(name, url).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, browser::OPENED_WITHIN.as_seconds().into());
    response
}

fn notice(display: &Display) -> Option<&'static str> {
    if display.wants_new_sign_in() {
        return Some("该服务要求重新验证身份：请先在手机上重新登录再扫码，或使用密码登录");
    }
    display.why_again()
}

/// Shows a ticket as it stands, or a new one.
async fn show(
    app: &App,
    visitor: &Visitor,
    purpose: &Purpose,
    request: Option<&str>,
    shown: Option<(TicketId, View)>,
    errors: Errors,
) -> web::Result<Response> {
    let Purpose { display, signed_in, .. } = purpose;
    let (id, view) = match shown {
        Some(shown) => shown,
        None => match browser::open(app, &visitor.caller, &purpose.occasion(request)).await? {
            Ok(opened) => (opened, View::Waiting),
            Err(refusal) => return Ok(too_many(&refusal, purpose, request)),
        },
    };
    let step_up = match (signed_in, request) {
        (Some(session), Some(request)) => {
            let principal = principals::find(&app.store, &app.vault, &session.account_id).await?;
            Some(StepUp {
                account_label: principal.map(|principal| principal.masked_label()).unwrap_or_default(),
                without: urls::without_second_device(request),
            })
        }
        _ => None,
    };
    let refused = errors.any();
    let with_ticket = |path| urls::with_ticket(path, id.as_str(), None);
    let page = Page {
        frame: visitor.frame(),
        errors,
        portal_name: Some(display.portal_name.clone()).filter(|name| !name.is_empty()),
        notice: notice(display).filter(|_| step_up.is_none()).map(str::to_owned),
        upstreams: if step_up.is_some() { Vec::new() } else { app.config.site.upstreams.clone() },
        view,
        picture: with_ticket(urls::SIGN_IN_QR_PICTURE),
        events: with_ticket(urls::SIGN_IN_QR_EVENTS),
        state: with_ticket(urls::SIGN_IN_QR_STATE),
        renew: urls::with_request(urls::SIGN_IN_QR_RENEW, request),
        finish: urls::with_request(urls::SIGN_IN_QR_FINISH, request),
        again: urls::with_ticket(urls::SIGN_IN_QR, id.as_str(), request),
        fresh: urls::with_request(urls::SIGN_IN_QR, request),
        password: urls::with_request(urls::SIGN_IN_PASSWORD, request),
        register: urls::with_request(urls::REGISTER_PERSONAL, request),
        ticket: id.as_str().to_owned(),
        step_up,
    };
    let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
    Ok(Visitor::allow_form_to(response, display.form_target.clone()))
}
