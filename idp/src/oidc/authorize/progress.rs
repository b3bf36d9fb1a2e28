//! A request between its arrival and its answer: kept while its visitor signs in or agrees.

use std::sync::Arc;

use axum::http::StatusCode;

use super::unreadable;
use crate::app::App;
use crate::domain::client::Client;
use crate::domain::timestamp::Timestamp;
use crate::guard::pending::{self, Display};
use crate::oidc::acr;
use crate::oidc::authorization_request::AuthorizationRequest;
use crate::web::params::Params;
use crate::web::visitor::form_target;
use crate::web::{self, Problem, Visitor};

/// How far a request has come.
pub struct Progress {
    /// Whoever signed in after this has done so for this request.
    pub started_at: Timestamp,
    pub pending_id: Option<String>,
    pub agreed: bool,
    /// The visitor has no second device at hand, and goes on without.
    pub without_second_device: bool,
}

/// A request in progress: everything that its answer depends on.
#[derive(Clone, Copy)]
pub struct Interaction<'a> {
    pub app: &'a App,
    pub visitor: &'a Visitor,
    pub client: &'a Client,
    pub request: &'a AuthorizationRequest,
    pub progress: &'a Progress,
}

impl Progress {
    pub fn starting(app: &App) -> Self {
        Self { started_at: app.clock.now(), pending_id: None, agreed: false, without_second_device: false }
    }
}

/// The request that the URL names, for the browser that made it.
pub async fn pending_request(
    app: &App,
    visitor: &Visitor,
    query: Option<&str>,
) -> web::Result<(Arc<Client>, AuthorizationRequest, Progress)> {
    let gone = || {
        let message = "本次登录停留时间过长，已失效。请回到您要办事的网站，重新点击登录。";
        Problem::new(StatusCode::BAD_REQUEST, "登录超时", message)
            .detail("the request has expired or was answered")
    };
    let params = Params::parse(query.unwrap_or_default().as_bytes()).map_err(|_| unreadable())?;
    let id = params.get("request").ok_or_else(gone)?;
    let pending = pending::find(app, &visitor.caller, id).await?.ok_or_else(gone)?;
    if pending.display.return_to.is_some() {
        // A page of ours waits there, and no portal.
        return Err(gone().into());
    }
    let request: AuthorizationRequest =
        serde_json::from_value(pending.request).map_err(|error| web::Error::Fault(error.into()))?;
    let client = app.clients.find(&app.store, &request.client_id).await?.ok_or_else(gone)?;
    let progress = Progress {
        started_at: pending.created_at,
        pending_id: Some(pending.id),
        agreed: false,
        without_second_device: params.get("without_second_device").is_some(),
    };
    Ok((client, request, progress))
}

/// Keeps the request, unless it is kept already; gives its id.
pub async fn keep(interaction: &Interaction<'_>) -> web::Result<String> {
    let Interaction { app, visitor, client, request, progress } = *interaction;
    if let Some(id) = &progress.pending_id {
        return Ok(id.clone());
    }
    let display = display(visitor, client, request).await?;
    let value = serde_json::to_value(request).map_err(|error| web::Error::Fault(error.into()))?;
    Ok(pending::keep(app, &visitor.caller, display, value).await?)
}

/// What the sign-in pages need to know of a request.
pub async fn display(
    visitor: &Visitor,
    client: &Client,
    request: &AuthorizationRequest,
) -> web::Result<Display> {
    Ok(Display {
        portal_name: client.metadata.client_name.clone(),
        form_target: form_target(&request.address.redirect_uri),
        login_hint: request.login_hint.clone(),
        again: visitor.session().await?.is_some(),
        max_age: if request.prompt.login { Some(0) } else { request.max_age },
        account_type: request.account_type.clone(),
        acting_for: request.acting_for.clone(),
        second_device: acr::wants_second_device(&request.wanted_classes()),
        ..Display::default()
    })
}
