//! 姓名 and 证件 of a new operator, as typed.

use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::person_name::PersonName;
use crate::domain::principal::StoredDocument;
use crate::domain::timestamp::Timestamp;
use crate::web::Errors;

pub struct Person {
    pub name: String,
    pub document: StoredDocument,
}

impl Person {
    /// The person, unless something is wrong with the fields; `errors` grow in the page's order. Nobody younger than
    /// `min_age` acts for a unit.
    pub fn read(
        min_age: u32,
        name: &str,
        document_type: &str,
        number: &str,
        now: Timestamp,
        mut errors: Errors,
    ) -> (Errors, Option<Self>) {
        let name = match PersonName::parse(name) {
            Ok(name) => Some(name.as_str().to_owned()),
            Err(_) if name.trim().is_empty() => {
                errors = errors.at("name", "请输入姓名");
                None
            }
            Err(error) => {
                errors = errors.at("name", error.to_string());
                None
            }
        };
        let document = match read_document(min_age, document_type, number, now) {
            Ok(document) => Some(document),
            Err((field, message)) => {
                errors = errors.at(field, message);
                None
            }
        };
        (errors, name.zip(document).map(|(name, document)| Self { name, document }))
    }
}

fn read_document(
    min_age: u32,
    document_type: &str,
    number: &str,
    now: Timestamp,
) -> Result<StoredDocument, (&'static str, String)> {
    let Some(kind) = DocumentType::from_code(document_type) else {
        return Err(("document_type", "请选择证件类型".to_owned()));
    };
    if number.trim().is_empty() {
        return Err(("document_number", "请输入证件号码".to_owned()));
    }
    let today = now.china_date();
    let document = IdentityDocument::parse(kind, number, today)
        .map_err(|error| ("document_number", error.to_string()))?;
    if document.age_on(today).is_some_and(|age| age < min_age) {
        return Err(("document_number", format!("经办人须年满{min_age}周岁")));
    }
    Ok(StoredDocument::from(&document))
}

/// Stands where no document was read: an empty number says nothing that a password could contain.
pub fn nobodys() -> StoredDocument {
    StoredDocument { type_code: String::new(), number: String::new() }
}
