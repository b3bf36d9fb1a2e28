//! 证件信息变更: a person's document was renewed. It stays the same document of the same person: another number is
//! another person as far as portals can tell, and a matter for an appeal.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::{Centre, Owner};
use crate::app::App;
use crate::domain::mask;
use crate::domain::password::Password;
use crate::domain::principal::{Person, Principal, StoredDocument};
use crate::domain::validity::Validity;
use crate::guard::evidence::{self, Evidence};
use crate::guard::{own_password, text_message};
use crate::store::account_changes::{self, Change};
use crate::store::{accounts, audit, persons};
use crate::web::document::{DocumentFields, ReadDocument};
use crate::web::{self, Errors, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/document.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    errors: Errors,
    form: &'a Form,
    masked_name: String,
    masked_number: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Form {
    #[serde(flatten)]
    document: DocumentFields,
    password: Password,
}

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner) -> web::Result<Response> {
    show(&visitor, &owner, &Form::default(), Errors::none())
}

/// # Errors
/// When the database or the hasher fails.
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> web::Result<Response> {
    let Some((person, present)) = documented(&owner) else { return Ok(visitor.go(urls::ACCOUNT)) };
    match change(&app, &visitor, &owner, (person, present), &form).await? {
        Ok(()) => Ok(visitor.go("/account?done=document")),
        Err(errors) => show(&visitor, &owner, &form, errors),
    }
}

/// POST of what is filled in so far, by the script.
pub async fn check(
    State(app): State<App>,
    visitor: Visitor,
    owner: Owner,
    SafeForm(form): SafeForm<Form>,
) -> Response {
    let Some((_, present)) = documented(&owner) else { return visitor.go(urls::ACCOUNT) };
    let mut errors = Errors::none();
    form.read(&app, present, &mut errors);
    errors.told()
}

impl Form {
    /// The document as it is to be.
    fn read(
        &self,
        app: &App,
        present: &StoredDocument,
        errors: &mut Errors,
    ) -> Option<(StoredDocument, Validity)> {
        let read = self.document.read("", 0, app.clock.now().china_date(), errors);
        let read =
            read.map(|ReadDocument { document, validity }| (StoredDocument::from(&document), validity));
        if read.as_ref().is_some_and(|(document, _)| document.key() != present.key()) {
            errors.add("document_number", "与已登记的证件不一致，更换证件号码请进行账号申诉");
        }
        read
    }
}

/// The person whose account this is, if there is a document to renew.
fn documented(owner: &Owner) -> Option<(&Person, &StoredDocument)> {
    match &owner.principal {
        Principal::Person(person) => Some((person, person.document.as_ref()?)),
        Principal::LegalEntity(_) | Principal::Operator { .. } => None,
    }
}

/// The rule.
async fn change(
    app: &App,
    visitor: &Visitor,
    owner: &Owner,
    (person, present): (&Person, &StoredDocument),
    form: &Form,
) -> web::Result<Result<(), Errors>> {
    let mut errors = Errors::none();
    let read = form.read(app, present, &mut errors);
    if form.password.expose().is_empty() {
        errors.add("password", "请输入登录密码");
    }
    let (Some((document, validity)), false) = (read, errors.any()) else { return Ok(Err(errors)) };
    let checked = own_password::check(app, &visitor.caller, &owner.principal, &form.password).await?;
    if let Err(refusal) = checked {
        return Ok(Err(Errors::none().at("password", refusal.to_string())));
    }
    let evidence = evidence::of_person(app, &person.name, &document).await;
    if let Evidence::Refused(mismatch) = evidence {
        return Ok(Err(Errors::none().at("document_number", mismatch.to_string())));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    owner.must_still_be_here(&mut tx, &[]).await?;
    persons::renew_document(&mut tx, &app.vault, &person.id, &document, validity).await?;
    // A register that is away, or none, takes nothing back: name and number are those that were known.
    if evidence == Evidence::Confirmed {
        accounts::set_assurance(&mut tx, &person.id, evidence.assurance(), now).await?;
    }
    let (before, after) = (describe(present, person.document_validity), describe(&document, Some(validity)));
    let (before, after) = (Some(&before), Some(&after));
    let change = Change { account_id: &person.id, kind: "document", actor_id: &person.id, before, after };
    account_changes::insert(&mut tx, &app.vault, &change, now).await?;
    audit::insert(&mut tx, &owner.event(visitor, "document_changed", ""), now).await?;
    let text = "您的证件信息已更新。如非本人操作，请立即修改密码并联系技术支持。";
    text_message::notify(app, &mut tx, person.phone.as_deref(), text).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// What the history keeps.
fn describe(document: &StoredDocument, validity: Option<Validity>) -> Value {
    json!({
        "document_type": document.type_code,
        "document_number": document.number,
        "validity": validity.map(|validity| validity.to_text()),
    })
}

fn show(visitor: &Visitor, owner: &Owner, form: &Form, errors: Errors) -> web::Result<Response> {
    let Some((person, present)) = documented(owner) else { return Ok(visitor.go(urls::ACCOUNT)) };
    let refused = errors.any();
    let page = Page {
        frame: visitor.frame(),
        centre: owner.centre("证件信息变更"),
        errors,
        form,
        masked_name: mask::name(&person.name),
        masked_number: mask::document_number(&present.number),
    };
    if refused { visitor.show_refused(&page) } else { visitor.show(&page) }
}
