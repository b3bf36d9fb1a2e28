//! 证件类型, 证件号码 and 有效期 in a form (components/document.html).

use chrono::NaiveDate;
use serde::Deserialize;

use super::Errors;
use crate::domain::date;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::normalize::normalize_code;
use crate::domain::password::known_tail;
use crate::domain::validity::{Paper, Term, Validity, ValidityError, preselected_term, term_warning};

#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct DocumentFields {
    pub document_type: String,
    pub document_number: String,
    pub term: String,
    pub valid_from: String,
    pub valid_to: String,
    /// The fields that the visitor has been warned of and stands by: their names, with spaces between.
    pub confirmed: String,
}

impl Default for DocumentFields {
    fn default() -> Self {
        Self {
            document_type: DocumentType::ResidentId.code().to_owned(),
            document_number: String::new(),
            term: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
            confirmed: String::new(),
        }
    }
}

/// A document and its validity, both well-formed and not expired.
#[derive(Debug, Clone)]
pub struct ReadDocument {
    pub document: IdentityDocument,
    pub validity: Validity,
}

impl DocumentFields {
    /// Reads the fields; what is wrong, or to be looked at again, joins the errors, in the page's order. `whose` names
    /// the holder in messages (法定代表人; nobody where it is the visitor), who must be at least `min_age`.
    pub fn read(
        &self,
        whose: &str,
        min_age: u32,
        today: NaiveDate,
        errors: &mut Errors,
    ) -> Option<ReadDocument> {
        let Some(document_type) = DocumentType::from_code(&self.document_type) else {
            errors.add("document_type", "请选择证件类型");
            return None;
        };
        let document = if self.document_number.trim().is_empty() {
            errors.add("document_number", format!("请输入{whose}证件号码"));
            None
        } else {
            match IdentityDocument::parse(document_type, &self.document_number, today) {
                Ok(document) if document.age_on(today).is_some_and(|age| age < min_age) => {
                    let who = if whose.is_empty() { "本人" } else { whose };
                    errors.add("document_number", format!("{who}须年满{min_age}周岁"));
                    None
                }
                Ok(document) => {
                    if let Some(warning) = document.county_warning(today) {
                        errors.warn("document_number", warning, &self.confirmed);
                    }
                    Some(document)
                }
                Err(error) => {
                    errors.add("document_number", error.to_string());
                    None
                }
            }
        };
        let birth = document.as_ref().and_then(IdentityDocument::birth_date);
        let validity = self.read_validity(document_type, birth, today, errors);
        Some(ReadDocument { document: document?, validity: validity? })
    }

    fn read_validity(
        &self,
        document_type: DocumentType,
        birth: Option<NaiveDate>,
        today: NaiveDate,
        errors: &mut Errors,
    ) -> Option<Validity> {
        let is_card = document_type == DocumentType::ResidentId;
        let paper = if is_card { Paper::ResidentId } else { Paper::Other };
        if is_card && birth.is_none() && Term::from_code(&self.term).is_none() {
            // Neither chosen, nor to be known from the number.
            errors.add("term", "请选择有效期限");
        }
        let mut day = |field: &'static str, text: &str| match (text.trim(), date::parse(text)) {
            ("", _) => Some(None),
            (_, Some(day)) => Some(Some(day)),
            (_, None) => {
                errors.add(field, date::WRONG);
                None
            }
        };
        let (start, end) = (day("valid_from", &self.valid_from), day("valid_to", &self.valid_to));
        let (start, end) = (start?, end?);
        let read = if is_card {
            // Without a script nobody has chosen a term for the visitor: it follows from the holder's age.
            let term = match (Term::from_code(&self.term), birth, start) {
                (Some(term), ..) => term,
                (None, Some(birth), Some(start)) => preselected_term(birth, start),
                (None, _, None) => {
                    errors.add("valid_from", ValidityError::StartMissing(paper).to_string());
                    return None;
                }
                (None, None, _) => return None,
            };
            // Of a number that is wrong itself the birth is not known; the other rules still hold.
            let born = birth.unwrap_or(NaiveDate::MIN);
            let read = Validity::of_resident_id(born, term, start, end, today);
            if let (Ok(validity), Some(birth)) = (&read, birth)
                && let Some(warning) = term_warning(birth, term, validity.start())
            {
                errors.warn("term", warning, &self.confirmed);
            }
            read
        } else {
            Validity::of_other_document(start, end, today)
        };
        read.map_err(|error| errors.add(field_of(error), error.to_string())).ok()
    }

    /// The end of the number, which the holder's password must not contain.
    pub fn known_tail(&self) -> String {
        known_tail(&normalize_code(&self.document_number)).to_owned()
    }

    pub fn number_label(&self, whose: &str) -> String {
        format!("{whose}证件号码")
    }

    pub fn number_placeholder(&self, whose: &str) -> String {
        format!("请输入{whose}证件号码")
    }

    pub fn from_label(&self) -> String {
        format!("{}有效开始日期", self.paper())
    }

    pub fn to_label(&self) -> String {
        format!("{}有效结束日期", self.paper())
    }

    /// Only a resident ID card has a term, from which its end follows.
    pub fn is_card(&self) -> bool {
        self.document_type == DocumentType::ResidentId.code()
    }

    /// Whether there is an end to be filled in.
    pub fn ends(&self) -> bool {
        !self.is_card() || self.term != Term::LongTerm.code()
    }

    fn paper(&self) -> Paper {
        if self.is_card() { Paper::ResidentId } else { Paper::Other }
    }

    /// The types to choose from, as (code, label).
    pub fn types(&self) -> Vec<(&'static str, &'static str)> {
        DocumentType::ALL.iter().map(|known| (known.code(), known.label())).collect()
    }

    pub fn terms(&self) -> Vec<(&'static str, &'static str)> {
        Term::ALL.iter().map(|term| (term.code(), term.label())).collect()
    }
}

const fn field_of(error: ValidityError) -> &'static str {
    match error {
        ValidityError::StartMissing(_)
        | ValidityError::StartBeforeBirth(_)
        | ValidityError::StartInFuture(_) => "valid_from",
        ValidityError::EndMissing(_)
        | ValidityError::LongTermWithEnd(_)
        | ValidityError::WrongEnd(_)
        | ValidityError::Expired(_) => "valid_to",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 11, 15);

    fn read(fields: &DocumentFields) -> (Option<ReadDocument>, Errors) {
        let mut errors = Errors::none();
        let read = fields.read("法定代表人", 16, TODAY.unwrap(), &mut errors);
        (read, errors)
    }

    fn card(number: &str, term: &str, from: &str, to: &str) -> DocumentFields {
        DocumentFields {
            document_number: number.to_owned(),
            term: term.to_owned(),
            valid_from: from.to_owned(),
            valid_to: to.to_owned(),
            ..DocumentFields::default()
        }
    }

    #[test]
    fn the_term_and_the_end_follow_where_they_are_left_out() {
        let (document, errors) = read(&card("220102199001010009", "", "2018-05-20", ""));
        assert!(!errors.any());
        assert_eq!(document.unwrap().validity.to_text(), "2018-05-20/2038-05-20");
    }

    #[test]
    fn each_refusal_stands_beside_its_field() {
        let born_1990 = "220102199001010009";
        for (fields, field) in [
            (card("", "20", "2018-05-20", ""), "document_number"),
            (card("220102190001010009", "20", "2018-05-20", ""), "document_number"),
            (card("220102201501010005", "5", "2023-06-01", ""), "document_number"),
            (card(born_1990, "20", "", ""), "valid_from"),
            (card(born_1990, "", "", ""), "valid_from"),
            (card(born_1990, "20", "yesterday", ""), "valid_from"),
            (card(born_1990, "20", "2026-12-01", ""), "valid_from"),
            (card(born_1990, "20", "2018-05-20", "2038-05-19"), "valid_to"),
            (card(born_1990, "10", "2015-12-31", "2025-12-31"), "valid_to"),
            (card(born_1990, "long_term", "2018-05-20", "2038-05-20"), "valid_to"),
        ] {
            let (document, errors) = read(&fields);
            assert!(document.is_none() && errors.is_first(field), "{fields:?}: {errors:?}");
        }
        // Nothing typed is told of at once.
        let (_, errors) = read(&card("", "", "", ""));
        let told: Vec<&str> = errors.each().map(|(field, _)| field).collect();
        assert_eq!(told, ["document_number", "term", "valid_from"]);
    }

    #[test]
    fn a_warning_can_be_answered() {
        // Nobody of 32 gets a card for five years, and there has never been a county 229999.
        let mut fields = card("22999919900101000X", "5", "2022-01-01", "");
        let (_, errors) = read(&fields);
        assert!(errors.only_warnings() && errors.is_first("document_number"), "{errors:?}");
        assert_eq!(errors.to_confirm(""), "document_number term");
        fields.confirmed = "term".to_owned();
        let (_, errors) = read(&fields);
        assert!(errors.field("term").is_none() && errors.field("document_number").is_some());
        fields.confirmed = errors.to_confirm("term");
        assert!(!read(&fields).1.any() && read(&fields).0.is_some());
        // What is wrong cannot be confirmed.
        fields.document_number = "229999199001010008".to_owned();
        assert!(read(&fields).1.is_wrong("document_number"));
    }
}
