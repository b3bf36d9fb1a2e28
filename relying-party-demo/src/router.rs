//! Every URL of the portals.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use tower_http::csrf::CsrfLayer;

use crate::mobile_app::upload;
use crate::pages::mobile_app as app;
use crate::pages::{application, cases, hall, home, jishiban, phone, registers};
use crate::phone::gateway;
use crate::portal::Portal;
use crate::problem::Problem;
use crate::relying_party::RelyingParty;
use crate::{assets, backchannel_logout, headers, sign_in, sign_out};

/// A frame of the camera, as the app's script sends it.
const LARGEST_FRAME: usize = 1024 * 1024;

pub fn router(portal: Arc<Portal>) -> Router {
    let pages = Router::new()
        .route("/", get(home::get))
        .route("/hall/sign-in", get(home::sign_in))
        .route("/hall", get(hall::get))
        .route("/hall/cases/{number}", get(cases::get))
        .route("/hall/cases/{number}/rating", post(cases::rate))
        .route("/apps/{slug}", get(application::get))
        .route("/jishiban", get(jishiban::home))
        .route("/jishiban/centre", get(jishiban::centre))
        .route("/phone", get(phone::numbers))
        .route("/phone/gateway", post(gateway::post))
        .route("/phone/{number}", get(phone::messages))
        .route("/registers", get(registers::get))
        .route("/app", get(app::home::get))
        .route("/app/scan/frame", post(app::scan::frame).layer(DefaultBodyLimit::max(LARGEST_FRAME)))
        .route(
            "/app/scan/picture",
            get(app::scan::back).post(app::scan::picture).layer(DefaultBodyLimit::max(upload::LARGEST_READ)),
        )
        .route("/app/scan/address", get(app::scan::back).post(app::scan::address))
        .route("/app/scans/{id}", get(app::confirm::get).post(app::confirm::confirm))
        .route("/app/scans/{id}/cancel", get(app::confirm::back).post(app::confirm::cancel))
        .route("/assets/{file}", get(assets::get));

    RelyingParty::all()
        .fold(pages, |router, party| router.nest(&party.path(), protocol(party)))
        .fallback(async || Problem::NotFound)
        .layer(CsrfLayer::new())
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(portal.clone(), headers::protect))
        .with_state(portal)
}

/// What every portal has under its own path.
fn protocol(party: RelyingParty) -> Router<Arc<Portal>> {
    Router::new()
        .route("/login", get(sign_in::login))
        .route("/callback", get(sign_in::callback))
        .route("/logout", post(sign_out::logout))
        .route("/signed-out", get(sign_out::signed_out))
        .route("/backchannel-logout", post(backchannel_logout::post))
        .layer(Extension(party))
}
