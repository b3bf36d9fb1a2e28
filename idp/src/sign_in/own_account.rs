//! 法人登录 and 个人登录: a unit or a person signs in to an account of their own.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use serde::Deserialize;

use super::shared::{self, Around, Common, Links, Outcome, PageUrls};
use crate::app::App;
use crate::config::UpstreamConfig;
use crate::guard::identifiers::Identifier;
use crate::web::captcha::CaptchaView;
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "sign_in/own_account.html")]
struct Page<'a> {
    frame: Frame<'a>,
    errors: Errors,
    whose: Whose,
    account: String,
    portal_name: Option<String>,
    notice: Option<String>,
    qr_link: Option<String>,
    upstreams: Vec<UpstreamConfig>,
    captcha: Option<CaptchaView>,
    links: Links,
}

/// Whose account it is: the tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Person,
    Unit,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    account: String,
    #[serde(flatten)]
    common: Common,
}

impl Whose {
    const fn tab(self) -> &'static str {
        match self {
            Self::Person => "个人登录",
            Self::Unit => "法人登录",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Person => "user",
            Self::Unit => "building",
        }
    }

    /// What may be typed to say who signs in.
    const fn accepts(self) -> &'static str {
        match self {
            Self::Person => "账号/手机号码/身份证号",
            Self::Unit => "法人账号/统一社会信用代码",
        }
    }

    fn identifier(self, account: &str) -> Identifier {
        match self {
            Self::Person => Identifier::person(account),
            Self::Unit => Identifier::legal_entity(account),
        }
    }

    const fn urls(self) -> PageUrls {
        match self {
            Self::Person => PageUrls { own: urls::SIGN_IN_PERSONAL, register: urls::REGISTER_PERSONAL },
            Self::Unit => PageUrls { own: urls::SIGN_IN_LEGAL_ENTITY, register: urls::REGISTER_LEGAL_ENTITY },
        }
    }

    /// The page of this tab.
    pub fn page(self) -> MethodRouter<App> {
        get(async move |State(app): State<App>, visitor: Visitor, Query(query): Query<shared::Query>| {
            self.ask(&app, &visitor, query).await
        })
        .post(
            async move |State(app): State<App>,
                        visitor: Visitor,
                        Query(query): Query<shared::Query>,
                        SafeForm(form): SafeForm<Form>| {
                self.submit(&app, &visitor, query, form).await
            },
        )
    }

    async fn ask(self, app: &App, visitor: &Visitor, query: shared::Query) -> web::Result<Response> {
        let around = shared::around(app, visitor, query, &self.urls()).await?;
        let account = around.login_hint();
        self.show(app, visitor, around, account, Errors::none())
    }

    async fn submit(
        self,
        app: &App,
        visitor: &Visitor,
        query: shared::Query,
        form: Form,
    ) -> web::Result<Response> {
        let identifier = self.identifier(&form.account);
        let fields = [("account", form.account.as_str(), "请输入账号")];
        match shared::submit(app, visitor, query.request(), &fields, &form.common, &identifier).await? {
            Outcome::GoOn(response) => Ok(response),
            Outcome::Refused(errors) => {
                let around = shared::around(app, visitor, query, &self.urls()).await?;
                self.show(app, visitor, around, form.account, errors)
            }
        }
    }

    fn show(
        self,
        app: &App,
        visitor: &Visitor,
        around: Around,
        account: String,
        errors: Errors,
    ) -> web::Result<Response> {
        let (portal_name, notice) = (around.portal_name(), around.notice());
        let refused = errors.any();
        let page = Page {
            frame: visitor.frame(),
            errors,
            whose: self,
            account,
            portal_name,
            notice,
            qr_link: around.qr_link,
            upstreams: app.config.site.upstreams.clone(),
            captcha: around.captcha,
            links: around.links,
        };
        let response = if refused { visitor.show_refused(&page)? } else { visitor.show(&page)? };
        Ok(Visitor::allow_form_to(response, around.display.form_target))
    }
}
