//! 身份验证: the visitor says which account is theirs, and who they are.

use askama::Template;
use axum::extract::{self, State};
use axum::response::Response;
use serde::Deserialize;

use super::shared::{KINDS, Query};
use crate::app::App;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::normalize::normalize_code;
use crate::domain::person_name::PersonName;
use crate::domain::principal::AccountKind;
use crate::guard::recovery::{self, Claim};
use crate::guard::{captcha, sms_code};
use crate::web::captcha::{CaptchaFields, CaptchaView};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "recovery/verify_identity.html")]
struct Page<'a> {
    frame: Frame<'a>,
    step: usize,
    errors: Errors,
    notice: Option<String>,
    form: Form,
    words: Words,
    name_hint: String,
    tabs: Vec<(String, &'static str)>,
    action: String,
    check: String,
    sign_in: String,
    captcha: Option<CaptchaView>,
}

#[derive(Deserialize)]
#[serde(default)]
pub struct Form {
    account: String,
    person_name: String,
    document_type: String,
    document_number: String,
    #[serde(flatten)]
    captcha: CaptchaFields,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            account: String::new(),
            person_name: String::new(),
            document_type: DocumentType::ResidentId.code().to_owned(),
            document_number: String::new(),
            captcha: CaptchaFields::default(),
        }
    }
}

/// What the fields are called for a kind of account.
struct Words {
    tab: &'static str,
    account: &'static str,
    name: &'static str,
    name_hint: &'static str,
}

const fn words_of(kind: AccountKind) -> Words {
    match kind {
        AccountKind::LegalEntity => Words {
            tab: "法人账号",
            account: "法人账号/统一社会信用代码",
            name: "法定代表人姓名",
            name_hint: "个体工商户请填写经营者，其他组织请填写负责人",
        },
        AccountKind::Operator => Words {
            tab: "经办人账号",
            account: "单位统一信用代码/法人账号",
            name: "经办人姓名",
            name_hint: "",
        },
        AccountKind::Person => {
            Words {
                tab: "个人账号", account: "账号/手机号码/身份证号", name: "姓名", name_hint: ""
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}格式不正确")]
struct Malformed(&'static str);

/// # Errors
/// When the database fails.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
) -> web::Result<Response> {
    show(&app, &visitor, &query, Form::default(), Errors::none()).await
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    extract::Query(query): extract::Query<Query>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    if form.captcha.wants_another() {
        return show(&app, &visitor, &query, form, Errors::none()).await;
    }
    let mut errors = Errors::none();
    let claim = form.read(&app, query.kind(), &mut errors);
    let Some(claim) = claim else {
        // The picture is spent only on a form that is complete; a new one comes with the page all the same.
        if app.config.sms.captcha && form.captcha.answer().is_missing() {
            errors.add("captcha_answer", captcha::Refusal::MissingBeforeSending.to_string());
        }
        return show(&app, &visitor, &query, form, errors).await;
    };
    let passed = match captcha::pass(&app, form.captcha.answer()).await? {
        Ok(passed) => passed,
        Err(refusal) => {
            let errors = Errors::none().at("captcha_answer", refusal.to_string());
            return show(&app, &visitor, &query, form, errors).await;
        }
    };
    match recovery::begin(&app, &visitor.caller, &claim, passed).await? {
        Ok(token) => Ok(visitor.go(&query.step(urls::RECOVERY_VERIFY_SMS, &token))),
        Err(refusal) => show(&app, &visitor, &query, form, Errors::whole(refusal.to_string())).await,
    }
}

/// POST of what is filled in so far, by the script: the rules of form, and nothing that is looked up.
pub async fn check(
    State(app): State<App>,
    extract::Query(query): extract::Query<Query>,
    SafeForm(form): SafeForm<Form>,
) -> Response {
    let mut errors = Errors::none();
    form.read(&app, query.kind(), &mut errors);
    errors.told()
}

impl Form {
    /// Every field, in the page's order.
    fn read(&self, app: &App, kind: AccountKind, errors: &mut Errors) -> Option<Claim> {
        let words = words_of(kind);
        let please = |label: &str| format!("请输入{label}");
        let account = errors.take("account", &self.account, &please(words.account), |typed| {
            let account = normalize_code(typed);
            let fits = account.len() <= 64 && account.bytes().all(is_of_a_name);
            if fits { Ok(account) } else { Err(Malformed(words.account)) }
        });
        let name = errors.take("person_name", &self.person_name, &please(words.name), PersonName::parse);
        let document_type = DocumentType::from_code(&self.document_type);
        if document_type.is_none() {
            errors.add("document_type", "请选择证件类型");
        }
        let today = app.clock.now().china_date();
        let document =
            errors.take("document_number", &self.document_number, "请输入证件号码", |typed| {
                // A number says nothing without its type, which has its own message.
                document_type
                    .map(|document_type| IdentityDocument::parse(document_type, typed, today))
                    .transpose()
            });
        Some(Claim { kind, account: account?, name: name?, document: document?? })
    }

    fn document_types() -> Vec<(&'static str, &'static str)> {
        DocumentType::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

/// Letters, digits and underscores of a name or a code; the plus sign of +86.
const fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+')
}

async fn show(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    form: Form,
    errors: Errors,
) -> web::Result<Response> {
    let notice = if errors.any() {
        None
    } else if app.sms.is_off() {
        Some(sms_code::SendRefusal::Off.to_string())
    } else {
        query.is_restarted().then(|| "本次操作已失效，为保护账号安全，请重新验证身份".to_owned())
    };
    let (refused, words) = (errors.any(), words_of(query.kind()));
    let page = Page {
        frame: visitor.frame(),
        step: 1,
        errors,
        notice,
        form,
        name_hint: words.name_hint.to_owned(),
        words,
        tabs: KINDS.iter().map(|(kind, _)| (query.begin(*kind), words_of(*kind).tab)).collect(),
        action: query.begin(query.kind()),
        check: query.check(),
        sign_in: query.sign_in(),
        captcha: CaptchaView::before_sending(app).await?,
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
