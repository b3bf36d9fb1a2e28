//! What portals are told of an account: claims by scope, and by the `claims` parameter (Core sections 5.4 and 5.5).
//! A claim without a value is left out, never null or empty.

mod request;

use serde_json::{Map, Value, json};

pub use self::request::ClaimsRequest;
use super::{scopes, verified_claims};
use crate::domain::client::Client;
use crate::domain::document_type::DocumentType;
use crate::domain::mask;
use crate::domain::principal::{LegalEntity, Operator, Principal, StoredDocument};

/// Which scope lets a portal read a claim; discovery lists them all. `openid` alone tells who somebody is, and nothing of
/// them (Core section 5.4).
pub const CLAIMS: [(&str, &str); 28] = [
    ("account_type", "profile"),
    ("account_type", "legal_entity"),
    ("account_type", "operator"),
    ("name", "profile"),
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("id_document_masked", "profile"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("phone_number_masked", "phone"),
    ("legal_entity", "legal_entity"),
    ("legal_representative", "legal_representative"),
    ("operator", "operator"),
    ("id_document", "id_document"),
];

/// The scopes that open the claims that were asked for by name, of those that the client may ask for.
pub fn scopes_of(client: &Client, asked: &ClaimsRequest) -> Vec<&'static str> {
    let by_name = |claim: &str| asked.userinfo.contains_key(claim) || asked.id_token.contains_key(claim);
    let verified =
        [&asked.userinfo, &asked.id_token].into_iter().filter_map(|of| of.get(verified_claims::NAME));
    let opens = |(claim, scope): &(&str, &str)| by_name(claim) && client.may_ask_for(scope);
    // Of a claim that several scopes open, the first is the one that is asked about.
    let mut named: Vec<(&str, &str)> = CLAIMS.iter().copied().filter(opens).collect();
    named.dedup_by_key(|(claim, _)| *claim);
    let plain = named.into_iter().map(|(_, scope)| scope);
    let verified = verified.flat_map(verified_claims::scopes_of).filter(|scope| client.may_ask_for(scope));
    plain.chain(verified).collect()
}

/// Sensitive: told by userinfo only.
pub(super) const USERINFO_ONLY: [&str; 1] = ["id_document"];

/// The claims of userinfo, without `sub`.
pub fn userinfo(
    client: &Client,
    principal: &Principal,
    scope: &str,
    asked: Option<&ClaimsRequest>,
) -> Map<String, Value> {
    let by_name = |claim: &str| asked.is_some_and(|asked| asked.userinfo.contains_key(claim));
    select(client, principal, |claim, needed| scopes::contains(scope, needed) || by_name(claim))
}

/// The claims of an ID token beyond the protocol's own: only what was asked for by name.
pub fn id_token(client: &Client, principal: &Principal, asked: &ClaimsRequest) -> Map<String, Value> {
    select(client, principal, |claim, _| {
        asked.id_token.contains_key(claim) && !USERINFO_ONLY.contains(&claim)
    })
}

/// The claims of the scopes, for an ID token that no access token comes with.
pub fn id_token_alone(client: &Client, principal: &Principal, scope: &str) -> Map<String, Value> {
    select(client, principal, |claim, needed| {
        scopes::contains(scope, needed) && !USERINFO_ONLY.contains(&claim)
    })
}

/// Whether an ID token needs to know more of the account than its id.
pub fn wants_account(asked: &ClaimsRequest) -> bool {
    let names = CLAIMS.iter().map(|(claim, _)| *claim).chain([verified_claims::NAME]);
    names.into_iter().any(|claim| asked.id_token.contains_key(claim))
}

fn select(client: &Client, principal: &Principal, wanted: impl Fn(&str, &str) -> bool) -> Map<String, Value> {
    CLAIMS
        .iter()
        .filter(|(claim, scope)| client.may_ask_for(scope) && wanted(claim, scope))
        .filter_map(|(claim, _)| Some(((*claim).to_owned(), value(principal, claim)?)))
        .collect()
}

pub(super) fn value(principal: &Principal, claim: &str) -> Option<Value> {
    let (name, login_name, document, phone) = match principal {
        // A unit's account says which unit, not which human: no telephone and no document of a person.
        Principal::LegalEntity(unit) => (&unit.name, Some(&unit.login_name), None, None),
        Principal::Operator { operator, .. } => {
            (&operator.name, None, Some(&operator.document), Some(&operator.phone))
        }
        Principal::Person(person) => {
            (&person.name, Some(&person.login_name), person.document.as_ref(), person.phone.as_ref())
        }
    };
    let profile = match principal {
        Principal::Person(person) => Some(&person.profile),
        Principal::LegalEntity(_) | Principal::Operator { .. } => None,
    };
    match claim {
        "account_type" => Some(json!(principal.kind().as_str())),
        "name" => Some(json!(name)),
        "preferred_username" => login_name.map(|login_name| json!(login_name)),
        "id_document_masked" => document.map(|document| id_document(document, mask::document_number)),
        "id_document" => document.map(|document| id_document(document, str::to_owned)),
        "phone_number" => phone.map(|phone| json!(format!("+86{phone}"))),
        "phone_number_verified" => phone.map(|_| json!(true)),
        "phone_number_masked" => phone.map(|phone| json!(mask::phone(phone))),
        "legal_entity" => principal.unit().map(legal_entity),
        "legal_representative" => principal.unit().and_then(legal_representative),
        "operator" => match principal {
            Principal::Operator { operator, .. } => Some(operator_claim(operator)),
            _ => None,
        },
        "updated_at" => profile?.updated_at.map(|at| json!(at.seconds())),
        claim => profile?.get(claim).cloned(),
    }
}

fn id_document(document: &StoredDocument, show: impl Fn(&str) -> String) -> Value {
    let standard = DocumentType::from_code(&document.type_code).map(DocumentType::standard_code);
    json!({ "type": standard.unwrap_or(&document.type_code), "number": show(&document.number) })
}

fn legal_entity(unit: &LegalEntity) -> Value {
    json!({
        "id": unit.id,
        "organization_name": unit.name,
        "registration_number": unit.credit_code,
        "entity_type": { "code": unit.entity_type.applicant_code(), "name": unit.entity_type.label() },
    })
}

fn legal_representative(unit: &LegalEntity) -> Option<Value> {
    let name = unit.representative_name.as_ref()?;
    let mut claim = json!({ "name": name });
    if let Some(document) = &unit.representative_document {
        claim["id_document_masked"] = id_document(document, mask::document_number);
    }
    Some(claim)
}

fn operator_claim(operator: &Operator) -> Value {
    let mut claim = json!({
        "id": operator.id,
        "management_authority": operator.may_manage,
        "valid_from": operator.valid_from.china_date().to_string(),
    });
    if !operator.department.is_empty() {
        claim["department"] = json!(operator.department);
    }
    if let Some(end) = operator.valid_until {
        claim["valid_to"] = json!(end.china_date().to_string());
    }
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::principal::Person;
    use crate::domain::profile::Profile;

    fn client(scope: &str) -> Client {
        let metadata = serde_json::from_value(json!({
            "client_name": "c", "redirect_uris": [], "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": [], "scope": scope,
        }));
        Client::new("c".to_owned(), None, metadata.unwrap())
    }

    fn person() -> Principal {
        let document =
            StoredDocument { type_code: "111".to_owned(), number: "220102199001010009".to_owned() };
        Principal::Person(Person {
            id: "p".to_owned(),
            login_name: "liying2026".to_owned(),
            name: "李颖".to_owned(),
            document: Some(document),
            document_validity: None,
            phone: None,
            profile: Profile::default(),
        })
    }

    #[test]
    fn a_scope_opens_its_claims_and_no_other() {
        let claims =
            userinfo(&client("openid profile phone id_document"), &person(), "openid profile phone", None);
        assert_eq!(claims["name"], "李颖");
        assert_eq!(claims["id_document_masked"]["number"].as_str().unwrap().matches("0009").count(), 1);
        assert!(!claims.contains_key("id_document"));
        assert!(!claims.contains_key("phone_number"), "no value, no claim");
    }

    #[test]
    fn the_claims_parameter_asks_by_name_within_what_the_client_may_have() {
        let asked = ClaimsRequest::parse(
            r#"{"userinfo":{"name":{"essential":true},"id_document":null},"id_token":{"name":null,"id_document":null}}"#,
        )
        .unwrap();
        let claims = userinfo(&client("openid profile"), &person(), "openid", Some(&asked));
        assert!(claims.contains_key("name") && !claims.contains_key("id_document"));
        let wide = client("openid profile id_document");
        assert!(userinfo(&wide, &person(), "openid", Some(&asked)).contains_key("id_document"));
        let token = id_token(&wide, &person(), &asked);
        assert!(token.contains_key("name") && !token.contains_key("id_document"), "never in an ID token");
    }

    #[test]
    fn of_several_scopes_one_that_the_client_may_have_is_asked_about() {
        let asked = ClaimsRequest::parse(r#"{"id_token":{"account_type":null}}"#).unwrap();
        assert_eq!(scopes_of(&client("openid profile operator"), &asked), ["profile"]);
        assert_eq!(scopes_of(&client("openid legal_entity"), &asked), ["legal_entity"]);
        assert!(scopes_of(&client("openid"), &asked).is_empty());
    }
}
