//! 修改手机号, step 2: the new number, proved as well.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::principal::AccountKind;
use crate::guard::sms_code::{self, Purpose, Standing};
use crate::guard::text_message;
use crate::store::account_changes::{self, Change};
use crate::store::{audit, is_duplicate, phones};
use crate::web::phone::{PhoneFields, PhoneView, ProvedPhone};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/new_phone.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    phone: PhoneView,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    #[serde(flatten)]
    phone: PhoneFields,
}

const DONE: &str = "/account?done=phone";

enum Outcome {
    Changed,
    /// The proof of the old number has expired: back to step 1.
    OldNumberFirst,
    Refused(Errors),
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor, owner: Owner) -> web::Result<Response> {
    if !has_proved_old(&app, &visitor, &owner).await? {
        return Ok(visitor.go(urls::ACCOUNT_PHONE));
    }
    show(&app, &visitor, &owner, &Form::default(), Errors::none(), None).await
}

/// # Errors
/// When the database fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(mut form): SafeForm<Form>,
) -> web::Result<Response> {
    let has_old = has_proved_old(&app, &visitor, &owner).await?;
    let mut errors = Errors::none();
    let is_submission = form.phone.is_submission();
    let proved = match is_submission {
        true => form.phone.prove(&app, &visitor, Purpose::NewPhone, &mut errors).await?,
        false => None,
    };
    // The same form has come twice: by now the number bound so far is the new one, which nobody proved as the old.
    if let Some(ProvedPhone { spent: true, .. }) = &proved {
        return Ok(visitor.go(DONE));
    }
    if !has_old {
        return Ok(visitor.go(urls::ACCOUNT_PHONE));
    }
    let proved = match proved {
        Some(proved) => proved,
        None if is_submission => return show(&app, &visitor, &owner, &form, errors, None).await,
        None => {
            return match form.phone.press_button(&app, &visitor, Purpose::NewPhone).await? {
                Ok(notice) => show(&app, &visitor, &owner, &form, Errors::none(), notice).await,
                Err(errors) => show(&app, &visitor, &owner, &form, errors, None).await,
            };
        }
    };
    match change(&app, &visitor, &owner, &proved).await? {
        Outcome::Changed => Ok(visitor.go(DONE)),
        Outcome::OldNumberFirst => Ok(visitor.go(urls::ACCOUNT_PHONE)),
        Outcome::Refused(errors) => {
            form.phone.forget_proof();
            show(&app, &visitor, &owner, &form, errors, None).await
        }
    }
}

async fn has_proved_old(app: &App, visitor: &Visitor, owner: &Owner) -> anyhow::Result<bool> {
    let (caller, sid) = (&visitor.caller, &owner.session.sid);
    sms_code::is_proved(app, caller, Purpose::OldPhone, owner.phone().as_ref(), sid).await
}

async fn change(app: &App, visitor: &Visitor, owner: &Owner, proved: &ProvedPhone) -> web::Result<Outcome> {
    match try_to_change(app, visitor, owner, proved).await {
        Err(web::Error::Fault(error)) if is_taken(&error) => (),
        outcome => return outcome,
    }
    if owner.principal.kind() == AccountKind::Operator {
        let errors = Errors::none().at("phone", "该手机号码已被本单位其他经办人使用");
        return Ok(Outcome::Refused(errors));
    }
    // Somebody else who proved the number was faster, between our release of it and our binding: it is released anew.
    try_to_change(app, visitor, owner, proved).await
}

fn is_taken(error: &anyhow::Error) -> bool {
    error.downcast_ref::<sqlx::Error>().is_some_and(is_duplicate)
}

/// The rule: both proofs are used up with the change.
async fn try_to_change(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    proved: &ProvedPhone,
) -> web::Result<Outcome> {
    let old = owner.phone();
    if old.as_ref() == Some(&proved.phone) {
        let errors = Errors::none().at("phone", "新手机号码不能与原手机号码相同");
        return Ok(Outcome::Refused(errors));
    }
    let (caller, sid, now) = (&visitor.caller, &owner.session.sid, app.clock.now());
    let kind = owner.principal.kind();
    let number = proved.phone.as_str();
    let mut tx = app.store.begin().await?;
    // Who loses the number is held as well, in order: two who swap theirs would wait for each other.
    let former = match kind {
        AccountKind::Person => phones::persons_with(&mut tx, &app.vault, number).await?,
        AccountKind::LegalEntity | AccountKind::Operator => Vec::new(),
    };
    let former: Vec<&str> = former.iter().map(String::as_str).collect();
    owner.must_still_be_here(&mut tx, &former).await?;
    let old_proof = sms_code::spend(app, &mut tx, caller, Purpose::OldPhone, old.as_ref(), sid).await?;
    let new = sms_code::spend(app, &mut tx, caller, Purpose::NewPhone, &proved.phone, &proved.token).await?;
    if new == Standing::Spent {
        tx.rollback().await?;
        return Ok(Outcome::Changed);
    }
    if old_proof != Standing::Good || new != Standing::Good {
        tx.rollback().await?;
        return Ok(Outcome::OldNumberFirst);
    }
    if kind == AccountKind::Person {
        phones::release_from_persons(&mut tx, &app.vault, number, now).await?;
    }
    phones::bind(&mut tx, &app.vault, kind, owner.account_id(), number).await?;
    let before = old.as_ref().map(|phone| Value::from(phone.as_str()));
    let change = Change {
        account_id: owner.account_id(),
        kind: "phone",
        actor_id: owner.account_id(),
        before: before.as_ref(),
        after: Some(&number.into()),
    };
    account_changes::insert(&mut tx, &app.vault, &change, now).await?;
    audit::insert(&mut tx, &owner.event(visitor, "phone_changed", ""), now).await?;
    let text =
        format!("您的账号绑定手机号码已修改为{}。如非本人操作，请立即联系技术支持。", proved.phone.masked());
    text_message::notify(app, &mut tx, old.as_ref().map(|phone| phone.as_str()), &text).await?;
    tx.commit().await?;
    Ok(Outcome::Changed)
}

async fn show(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    form: &Form,
    errors: Errors,
    notice: Option<String>,
) -> web::Result<Response> {
    let refused = errors.any();
    let phone = form.phone.view(app, Purpose::NewPhone, notice).await?;
    let page = Page { frame: visitor.frame(), centre: owner.centre("修改手机号"), errors, phone };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
