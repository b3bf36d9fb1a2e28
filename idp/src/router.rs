//! Every URL of the product, a line each, in the manual's order.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, options, post};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::account_centre::{
    close, data, details, document, ended, entity_change, history, new_phone, notices, operators, overview,
    password, phone, portals, representative,
};
use crate::app::App;
use crate::oidc::{
    at_resource, authorize, cors, device, discovery, dynamic_registration, introspection, par, revocation,
    token, unanswered, userinfo,
};
use crate::scan;
use crate::site::{captcha, display, information, notice, sms_code};
use crate::web::{Problem, assets, forms, headers, requests};
use crate::{account_centre, operations, recovery, registration, sign_in, sign_out};

/// No form of ours is larger; uploads will say so themselves.
const BODY_LIMIT: usize = 64 * 1024;
/// A request that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole product on one listener.
///
/// # Errors
/// When the issuer's origin can't be trusted as an origin, which `Config::check` rules out.
pub fn build(app: &App) -> anyhow::Result<Router> {
    let pages = Router::new()
        .merge(own_pages(app)?)
        .merge(portal_pages())
        .fallback(|| async { StatusCode::NOT_FOUND });
    // Inside: what was given up, or panicked, is told on a page like every other fault.
    let pages = bounded(pages).layer(from_fn_with_state(app.clone(), headers::protect));
    Ok(pages
        .merge(bounded(protocol(app)).layer(from_fn(unanswered::tell)))
        .merge(bounded(for_phones(app)).layer(from_fn(scan::api::tell)))
        .merge(files())
        .layer(nosniff())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), requests::watch))
        .with_state(app.clone()))
}

/// What is no page (an asset, JSON) is not to be taken for one.
fn nosniff() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    )
}

/// No request runs for ever, and a panic of one is not the end of its connection.
fn bounded(router: Router<App>) -> Router<App> {
    router
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
}

/// Pages whose forms come from ourselves: other sites' requests are refused (Origin, Sec-Fetch-Site).
fn own_pages(app: &App) -> anyhow::Result<Router<App>> {
    let same_origin = CsrfLayer::new().add_trusted_origin(app.config.origin())?.with_rejection_response(
        |_: ProtectionError| Problem::of_status(StatusCode::FORBIDDEN).into_response(),
    );
    Ok(Router::new()
        .route("/", get(information::home))
        .route("/help", get(information::help))
        .route("/accessibility", get(information::accessibility))
        .route("/display", get(display::get))
        // 二 法人注册, 个人注册
        .route(
            "/registration/legal-entity",
            get(registration::legal_entity::get).post(registration::legal_entity::post),
        )
        .route("/registration/legal-entity/check", post(registration::legal_entity::check))
        .route("/registration/personal/check", post(registration::personal::check))
        .route("/registration/personal", get(registration::personal::get).post(registration::personal::post))
        .route("/registration/agreements/terms", get(registration::agreements::terms))
        .route("/registration/agreements/privacy", get(registration::agreements::privacy))
        .route("/registration/done", get(registration::done::get))
        // 三, 七 企业中心
        .route("/account", get(overview::get))
        .route("/account/representative", get(representative::get))
        .route("/account/details", get(details::get).post(details::post))
        .route("/account/document", get(document::get).post(document::post))
        .route("/account/document/check", post(document::check))
        .route("/account/phone", get(phone::get).post(phone::post))
        .route("/account/new-phone", get(new_phone::get).post(new_phone::post))
        .route("/account/entity-change", get(entity_change::get).post(entity_change::post))
        .route("/account/entity-change/check", post(entity_change::check))
        .route("/account/password", get(password::get).post(password::post))
        .route("/account/history", get(history::get))
        .route("/account/sessions", get(account_centre::sessions::get).post(account_centre::sessions::post))
        .route("/account/portals", get(portals::get).post(portals::post))
        .route("/account/data", get(data::get).post(data::post))
        .route("/account/close", get(close::get).post(close::post))
        .route("/account/ended", get(ended::get))
        .route("/account/operators", get(operators::list::get).post(operators::list::post))
        .route("/account/operators/verify", get(operators::verify::get).post(operators::verify::post))
        .route("/account/operators/add", get(operators::add::get).post(operators::add::post))
        .route("/account/operators/add/check", post(operators::add::check))
        .route("/account/operators/{id}/edit", get(operators::edit::get).post(operators::edit::post))
        .route("/account/operators/{id}/edit/check", post(operators::edit::check))
        .route("/account/operators/{id}/remove", get(operators::remove::get).post(operators::remove::post))
        .route("/account/operators/{id}/freeze", post(operators::standing::freeze))
        .route("/account/operators/{id}/unfreeze", post(operators::standing::unfreeze))
        .route("/account/operators/{id}/confirm", post(operators::standing::confirm))
        .route(
            "/account/operators/{id}/password",
            get(operators::password::get).post(operators::password::post),
        )
        // 四 登录
        .route("/sign-in", get(sign_in::finish::choose))
        .route("/sign-in/personal", sign_in::own_account::Whose::Person.page())
        .route("/sign-in/legal-entity", sign_in::own_account::Whose::Unit.page())
        .route("/sign-in/operator", get(sign_in::operator::get).post(sign_in::operator::post))
        .route(
            "/sign-in/choose-identity",
            get(sign_in::choose_identity::get).post(sign_in::choose_identity::post),
        )
        .route("/sign-in/password", get(sign_in::finish::password))
        .route("/sign-in/qr", get(sign_in::qr::get))
        .route("/sign-in/qr/code.svg", get(sign_in::qr::picture))
        .route("/sign-in/qr/events", get(sign_in::qr::live::events))
        .route("/sign-in/qr/state", get(sign_in::qr::live::state))
        .route("/sign-in/qr/renew", post(sign_in::qr::live::renew))
        .route("/sign-in/qr/finish", get(sign_in::qr::back).post(sign_in::qr::finish))
        .route("/scan/{code}", get(scan::code::get).post(scan::code::post))
        .route("/sign-in/new-password", get(sign_in::new_password::get).post(sign_in::new_password::post))
        .route("/sign-in/finish", get(sign_in::finish::get))
        .route("/captcha/new", post(captcha::new))
        .route("/captcha/{id}/picture.png", get(captcha::picture))
        .route("/captcha/{id}/proof", get(captcha::proof))
        .route("/sms-code/send", post(sms_code::send))
        .route("/sms-code/verify", post(sms_code::verify))
        .route("/authorize/resume", get(authorize::resume))
        .route("/authorize/consent", get(authorize::consent::get).post(authorize::consent::post))
        .route("/device", get(device::enter::get).post(device::enter::post))
        .route("/device/confirm", get(device::confirm::get).post(device::confirm::post))
        .route("/sign-out/confirm", post(sign_out::confirm::post))
        .route("/sign-out/done", get(sign_out::done::get))
        // 五 忘记密码
        .route("/recovery", get(recovery::verify_identity::get).post(recovery::verify_identity::post))
        .route("/recovery/check", post(recovery::verify_identity::check))
        .route("/recovery/verify-sms", get(recovery::verify_sms::get).post(recovery::verify_sms::post))
        .route("/recovery/set-password", get(recovery::set_password::get).post(recovery::set_password::post))
        .route("/recovery/done", get(recovery::done::get))
        // 六 账号申诉
        .route("/appeals", get(notice::appeals))
        .layer(from_fn(notices::only_from_here))
        .layer(from_fn(forms::mark_checked))
        .layer(same_origin))
}

/// Where portals send their visitors, by GET or by a form of theirs.
fn portal_pages() -> Router<App> {
    Router::new()
        .route("/authorize", get(authorize::handle).post(authorize::handle))
        .route("/sign-out", get(sign_out::end_session::handle).post(sign_out::end_session::handle))
}

/// What portals' programs talk to.
fn protocol(app: &App) -> Router<App> {
    let for_browsers = |endpoint| for_browsers(app, endpoint);
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route("/jwks.json", get(discovery::jwks))
        .route("/par", for_browsers(post(par::post)))
        .route("/token", for_browsers(post(token::post)))
        .route("/userinfo", for_browsers(get(userinfo::handle).post(userinfo::handle)))
        .route("/device_authorization", post(device::authorization::post))
        .route("/device/qr.svg", get(device::qr::get))
        .route("/introspect", post(introspection::post))
        .route("/revoke", for_browsers(post(revocation::post)))
        .route("/register", post(dynamic_registration::register))
        .route(
            "/register/{id}",
            get(dynamic_registration::get)
                .put(dynamic_registration::put)
                .delete(dynamic_registration::delete),
        )
}

/// 扫码登录: the app
fn for_phones(app: &App) -> Router<App> {
    let by_token = |endpoint: MethodRouter<App>| {
        for_browsers(app, endpoint.layer(from_fn_with_state(app.clone(), at_resource::show_token)))
    };
    Router::new()
        .route("/scan/api/identities", by_token(get(scan::api::identities)))
        .route("/scan/api/scan", by_token(post(scan::api::scan)))
        .route("/scan/api/confirm", by_token(post(scan::api::confirm)))
        .route("/scan/api/cancel", by_token(post(scan::api::cancel)))
}

/// Also for the scripts of clients that have none but their browser.
fn for_browsers(app: &App, endpoint: MethodRouter<App>) -> MethodRouter<App> {
    endpoint.merge(options(cors::preflight)).layer(from_fn_with_state(app.clone(), cors::share))
}

/// What pages load.
fn files() -> Router<App> {
    Router::new().route("/assets/{hash}/{name}", get(assets::get))
}

/// For operators, on a listener of their own.
pub fn operations(app: &App) -> Router {
    let pages = Router::new().route("/logout-notices", get(operations::logout_notices::get));
    let pages = bounded(pages).layer(from_fn_with_state(app.clone(), headers::protect));
    let programs = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics));
    bounded(programs).merge(pages).merge(files()).layer(nosniff()).with_state(app.clone())
}
