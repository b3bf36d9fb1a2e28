//! 编辑: telephone, validity, right to manage, department. Name and document stay: another person is another operator.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::access::{Manager, done_url, no_such_operator, url, verify_url};
use super::record::{Record, snapshot};
use super::rights::{Given, Limits, MANAGEMENT, Rights, VALIDITIES};
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::domain::mask;
use crate::domain::principal::Operator;
use crate::guard::sms_code::{self, CodeRefusal, Purpose, Standing};
use crate::guard::text_message;
use crate::store::operators::changes;
use crate::store::operators::listing::{self, Listed};
use crate::store::{grants, is_duplicate, sessions};
use crate::web::phone::{PhoneFields, PhoneView, ProvedPhone};
use crate::web::{self, Errors, Frame, SafeForm, Visitor};

#[derive(Template)]
#[template(path = "account_centre/operators/edit.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    form: &'a Form,
    name: String,
    document_type: String,
    document_number: String,
    present_phone: String,
    /// The fields for another telephone, once they are asked for.
    phone: Option<PhoneView>,
    validities: [(&'static str, &'static str); 2],
    management: [(&'static str, &'static str); 2],
    action: String,
    verify_url: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    /// `open` is the button that asks for the fields of another telephone, `close` the one that takes them away;
    /// `yes` says that they are there.
    new_phone: String,
    keep_phone: String,
    #[serde(flatten)]
    phone: PhoneFields,
    same_phone: String,
    #[serde(flatten)]
    rights: Rights,
}

const PURPOSE: Purpose = Purpose::OperatorPhone;
const NOT_ONESELF: &str = "不能编辑自己";

/// # Errors
/// When the database fails, or this is not for who is signed in.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    if !manager.is_verified(&app, &visitor).await? {
        return Ok(visitor.go(&verify_url(&url(&id, "edit"))));
    }
    let form = Form { rights: Rights::of(&operator), ..Form::default() };
    let editing = Editing { app: &app, visitor: &visitor, manager: &manager, operator: &operator };
    editing.show(&form, Errors::none(), None, None).await
}

/// # Errors
/// As [`get`].
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(mut form): SafeForm<Form>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    let editing = Editing { app: &app, visitor: &visitor, manager: &manager, operator: &operator };
    if !manager.is_verified(&app, &visitor).await? {
        let errors = Errors::whole("验证信息已失效，请重新验证后再提交");
        return editing.show(&form, errors, None, Some(verify_url(&done_url("verified", "")))).await;
    }
    if form.new_phone == "open" || !form.keep_phone.is_empty() {
        form.new_phone = if form.keep_phone.is_empty() { "yes" } else { "" }.to_owned();
        return editing.show(&form, Errors::none(), None, None).await;
    }
    if form.new_phone == "yes" && !form.phone.is_submission() {
        let (errors, notice) = match form.phone.press_button(&app, &visitor, PURPOSE).await? {
            Ok(notice) => (Errors::none(), notice),
            Err(errors) => (errors, None),
        };
        return editing.show(&form, errors, notice, None).await;
    }
    match editing.submit(&mut form).await? {
        Ok(()) => Ok(visitor.go(&done_url("edited", ""))),
        Err(errors) => editing.show(&form, errors, None, None).await,
    }
}

/// POST of what is filled in so far, by the script.
///
/// # Errors
/// As [`get`].
pub async fn check(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let operator = manager.operator(&app, &id, NOT_ONESELF).await?.operator;
    let mut errors = Errors::none();
    form.phone.check_form(&mut errors);
    let limits = Limits { now: app.clock.now(), own_end: manager.own_end(), present: Some(&operator) };
    Ok(form.rights.read(&limits, errors).0.told())
}

/// Who edits whom.
struct Editing<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    manager: &'a Manager,
    operator: &'a Operator,
}

impl Editing<'_> {
    async fn submit(&self, form: &mut Form) -> web::Result<Result<(), Errors>> {
        let mut errors = Errors::none();
        let mut proved = None;
        if form.new_phone == "yes" {
            proved = form.phone.prove(self.app, self.visitor, PURPOSE, &mut errors).await?;
            let typed = proved.as_ref().map(|proved| proved.phone.as_str());
            if typed.is_some() && typed == self.manager.unit.phone.as_deref() && form.same_phone != "yes" {
                errors = errors.at("same_phone", "经办人手机号与法定代表人手机号相同，请确认");
            }
        }
        let limits = Limits {
            now: self.app.clock.now(),
            own_end: self.manager.own_end(),
            present: Some(self.operator),
        };
        let (errors, given) = form.rights.read(&limits, errors);
        let (Some(given), false) = (given, errors.any()) else { return Ok(Err(errors)) };
        let refused = self.store(given, proved.as_ref()).await?;
        if refused.is_err() {
            form.phone.forget_proof();
        }
        Ok(refused)
    }

    async fn store(&self, given: Given, proved: Option<&ProvedPhone>) -> web::Result<Result<(), Errors>> {
        let (app, caller, unit) = (self.app, &self.visitor.caller, &self.manager.unit);
        let is_taken = || Errors::none().at("phone", "该手机号码已被本单位其他经办人使用");
        let mut tx = app.store.begin().await?;
        self.manager.must_still_manage(app, &mut tx, &[&self.operator.id]).await?;
        // What the page was asked by was read before; the record says what this change replaces.
        let Some(Listed { operator: before, .. }) =
            listing::one_in(&mut tx, &app.vault, &unit.id, &self.operator.id).await?
        else {
            tx.rollback().await?;
            return Err(no_such_operator());
        };
        let edited = &Operator {
            phone: proved.map_or(&*before.phone, |proved| proved.phone.as_str()).to_owned(),
            department: given.department,
            may_manage: given.may_manage,
            valid_until: given.valid_until,
            ..before.clone()
        };
        if let Some(ProvedPhone { phone, token, .. }) = proved {
            match sms_code::spend(app, &mut tx, caller, PURPOSE, phone, token).await? {
                Standing::Good => (),
                Standing::Spent => return Ok(Ok(())),
                Standing::Missing => {
                    return Ok(Err(Errors::none().at("phone_code", CodeRefusal::Expired.to_string())));
                }
            }
            if changes::taken(&mut tx, &app.vault, &unit.id, edited).await?.phone {
                return Ok(Err(is_taken()));
            }
        }
        let new_phone = proved.map(|proved| proved.phone.as_str());
        match changes::update(&mut tx, &app.vault, &unit.id, edited, new_phone, app.clock.now()).await {
            Ok(true) => (),
            Ok(false) => {
                tx.rollback().await?;
                return Err(no_such_operator());
            }
            Err(error) if error.downcast_ref::<sqlx::Error>().is_some_and(is_duplicate) => {
                return Ok(Err(is_taken()));
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(end) = edited.valid_until {
            sessions::bound(&mut tx, &edited.id, end).await?;
            grants::bound(&mut tx, &edited.id, end).await?;
        }
        if edited.phone != before.phone {
            let text =
                format!("您在“{}”的经办人账号的手机号码已由本单位修改。如有疑问请联系本单位。", unit.name);
            text_message::notify(app, &mut tx, Some(&before.phone), &text).await?;
        }
        let (before, after) = (Some(snapshot(&before)), Some(snapshot(edited)));
        let record = Record { event: "operator_edited", operator_id: &edited.id, before, after };
        record.write(app, &mut tx, self.visitor, self.manager).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn show(
        &self,
        form: &Form,
        errors: Errors,
        notice: Option<String>,
        verify_url: Option<String>,
    ) -> web::Result<Response> {
        let refused = errors.any();
        let operator = self.operator;
        let phone = match form.new_phone.as_str() {
            "yes" => Some(form.phone.view(self.app, PURPOSE, notice).await?),
            _ => None,
        };
        let page = Page {
            frame: self.visitor.frame(),
            centre: self.manager.centre().headed("编辑经办人"),
            errors,
            form,
            name: operator.name.clone(),
            document_type: operator.document.type_label().to_owned(),
            document_number: mask::document_number(&operator.document.number),
            present_phone: mask::phone(&operator.phone),
            phone,
            validities: VALIDITIES,
            management: MANAGEMENT,
            action: url(&operator.id, "edit"),
            verify_url,
        };
        if refused { self.visitor.show_refused(&page) } else { self.visitor.show(&page) }
    }
}
