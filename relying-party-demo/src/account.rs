//! Who has signed in: the claims that portals receive, and how pages speak of them.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};

/// In the ID token, beside the standard claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The provider's session, as a logout token will name it.
    #[serde(default)]
    pub sid: Option<String>,
}
impl AdditionalClaims for SessionClaims {}

/// From UserInfo, beside the standard claims. The provider sends what the scopes and the kind of
/// account call for; a portal must cope with any of it being absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AccountClaims {
    #[serde(default)]
    pub account_type: AccountType,
    #[serde(default)]
    pub legal_entity: Option<LegalEntity>,
    #[serde(default)]
    pub operator: Option<Operator>,
}
impl AdditionalClaims for AccountClaims {}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// 法人
    LegalEntity,
    /// 经办人
    Operator,
    /// 自然人
    NaturalPerson,
    /// Not said, or of a kind that this portal does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalEntity {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub organization_name: Option<String>,
    #[serde(default)]
    pub registration_number: Option<String>,
    #[serde(default)]
    pub entity_type: Option<EntityType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityType {
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub management_authority: bool,
    #[serde(default)]
    pub department: Option<String>,
    #[serde(default)]
    pub valid_from: Option<String>,
    #[serde(default)]
    pub valid_to: Option<String>,
}

/// An account as a portal keeps it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub claims: AccountClaims,
    pub name: Option<String>,
    pub phone: Option<String>,
}

impl Account {
    pub fn unit(&self) -> Option<&LegalEntity> {
        self.claims.legal_entity.as_ref()
    }

    pub fn operator(&self) -> Option<&Operator> {
        self.claims.operator.as_ref()
    }

    pub fn unit_name(&self) -> &str {
        self.unit().and_then(|unit| unit.organization_name.as_deref()).unwrap_or("未提供")
    }

    pub fn unit_code(&self) -> &str {
        self.unit().and_then(|unit| unit.registration_number.as_deref()).unwrap_or("未提供")
    }

    pub fn unit_type(&self) -> Option<&str> {
        self.unit()?.entity_type.as_ref()?.name.as_deref()
    }

    /// What the page calls whoever is there: the unit, else the person.
    pub fn title(&self) -> &str {
        match self.unit() {
            Some(_) => self.unit_name(),
            None => self.name.as_deref().unwrap_or("个人用户"),
        }
    }

    /// Who acts: the unit by its own account, an operator for the unit, or a person for themselves.
    pub fn acting(&self) -> String {
        match (self.claims.account_type, self.operator()) {
            (AccountType::Operator, _) | (_, Some(_)) => {
                let name = self.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
                let department = self.department().map(|one| format!("（{one}）")).unwrap_or_default();
                format!("经办人{name}{department}")
            }
            (AccountType::LegalEntity, None) => "企业账号".into(),
            _ => "个人账号".into(),
        }
    }

    /// Signed in by the unit's own account, rather than by an operator's.
    pub fn is_unit_itself(&self) -> bool {
        self.unit().is_some() && self.operator().is_none()
    }

    pub fn may_manage_operators(&self) -> bool {
        self.operator().is_some_and(|operator| operator.management_authority)
    }

    pub fn department(&self) -> Option<&str> {
        self.operator()?.department.as_deref().filter(|department| !department.is_empty())
    }

    /// 有效时间 of an operator.
    pub fn validity(&self) -> Option<String> {
        let operator = self.operator()?;
        let until = operator.valid_to.as_deref().unwrap_or("长期");
        Some(match operator.valid_from.as_deref() {
            Some(from) => format!("{} 至 {}", day(from), day(until)),
            None => day(until).to_owned(),
        })
    }

    /// Pages show a mask: `154****0001`.
    pub fn masked_phone(&self) -> Option<String> {
        let phone = self.phone.as_deref()?;
        let digits: Vec<char> = phone.strip_prefix("+86").unwrap_or(phone).chars().collect();
        if digits.len() < 8 {
            return None;
        }
        let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
        Some(format!("{}****{}", head.iter().collect::<String>(), tail.iter().collect::<String>()))
    }
}

/// The day of a date or of a point in time.
fn day(timestamp: &str) -> &str {
    timestamp.split('T').next().unwrap_or(timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(json: &str, name: Option<&str>) -> Account {
        Account {
            claims: serde_json::from_str(json).expect("claims"),
            name: name.map(Into::into),
            phone: None,
        }
    }

    #[test]
    fn an_operator_acts_for_a_unit() {
        let account = account(
            r#"{"account_type":"operator",
                "legal_entity":{"organization_name":"长春示例科技有限公司","registration_number":"91220101TEXT00017E"},
                "operator":{"id":"1","management_authority":true,"department":"人事部","valid_from":"2025-01-01T00:00:00Z","valid_to":null}}"#,
            Some("李示例"),
        );
        assert_eq!(account.title(), "长春示例科技有限公司");
        assert_eq!(account.acting(), "经办人 李示例（人事部）");
        assert_eq!(account.validity().as_deref(), Some("2025-01-01 至 长期"));
        assert!(account.may_manage_operators() && !account.is_unit_itself());
    }

    #[test]
    fn anything_may_be_absent() {
        let account = account(r#"{"account_type":"of_the_future"}"#, None);
        assert_eq!((account.title(), account.acting().as_str()), ("个人用户", "个人账号"));
        assert_eq!(account.unit_code(), "未提供");
    }

    #[test]
    fn phones_are_masked() {
        let account = Account { phone: Some("+8615400000001".into()), ..Account::default() };
        assert_eq!(account.masked_phone().as_deref(), Some("154****0001"));
    }
}
