//! What a unit gives an operator: 有效时间, 管理权限, 下级所属部门. The same fields when adding and when editing.

use serde::Deserialize;

use crate::domain::date;
use crate::domain::normalize::{is_hidden, normalize};
use crate::domain::operator_term::end_of_day;
use crate::domain::principal::Operator;
use crate::domain::timestamp::Timestamp;
use crate::web::Errors;

/// As typed.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct Rights {
    /// `long_term` or `until`
    pub validity: String,
    pub valid_to: String,
    /// `yes` or `no`
    pub may_manage: String,
    pub department: String,
}

/// As given.
pub struct Given {
    pub valid_until: Option<Timestamp>,
    pub may_manage: bool,
    pub department: String,
}

/// What there is to hold the typed fields against.
pub struct Limits<'a> {
    pub now: Timestamp,
    /// Where the validity of whoever gives ends.
    pub own_end: Option<Timestamp>,
    /// Who is edited: what stays as it is was given by somebody else.
    pub present: Option<&'a Operator>,
}

/// The choices, as (code, label).
pub const VALIDITIES: [(&str, &str); 2] = [("long_term", "长期"), ("until", "指定结束日期")];
pub const MANAGEMENT: [(&str, &str); 2] = [("no", "否"), ("yes", "是")];

const LONGEST_DEPARTMENT: usize = 40;

impl Rights {
    /// What the form of a new operator begins with: no more than who adds them has.
    pub fn for_new(own_end: Option<Timestamp>) -> Self {
        Self { may_manage: "no".to_owned(), ..Self::default() }.with_end(own_end)
    }

    pub fn of(operator: &Operator) -> Self {
        Self {
            may_manage: if operator.may_manage { "yes" } else { "no" }.to_owned(),
            department: operator.department.clone(),
            ..Self::default()
        }
        .with_end(operator.valid_until)
    }

    fn with_end(self, end: Option<Timestamp>) -> Self {
        match end {
            None => Self { validity: "long_term".to_owned(), ..self },
            Some(end) => {
                Self { validity: "until".to_owned(), valid_to: end.china_date().to_string(), ..self }
            }
        }
    }

    /// What the fields say, unless something is wrong with them; `errors` grow in the page's order.
    pub fn read(&self, limits: &Limits<'_>, mut errors: Errors) -> (Errors, Option<Given>) {
        let valid_until = match self.end(limits) {
            Ok(end) => Some(end),
            Err((field, message)) => {
                errors = errors.at(field, message);
                None
            }
        };
        let may_manage = match self.may_manage.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                errors = errors.at("may_manage", "请选择是否授予管理权限");
                None
            }
        };
        let department = normalize(&self.department);
        let fits = department.chars().count() <= LONGEST_DEPARTMENT && !department.chars().any(is_hidden);
        if !fits {
            errors = errors.at("department", "下级所属部门不能超过40个字，且不能含有特殊字符");
        }
        let given = valid_until.zip(may_manage).filter(|_| fits);
        let given = given.map(|(valid_until, may_manage)| Given { valid_until, may_manage, department });
        (errors, given)
    }

    fn end(&self, limits: &Limits<'_>) -> Result<Option<Timestamp>, (&'static str, String)> {
        let (field, end) = match self.validity.as_str() {
            // A date that was there before may still stand beside it.
            "long_term" => ("validity", None),
            "until" if self.valid_to.trim().is_empty() => {
                return Err(("valid_to", "请选择有效结束日期".to_owned()));
            }
            "until" => match date::parse(&self.valid_to) {
                Some(date) => ("valid_to", Some(end_of_day(date))),
                None => return Err(("valid_to", date::WRONG.to_owned())),
            },
            _ => return Err(("validity", "请选择有效时间".to_owned())),
        };
        let day = |end: Option<Timestamp>| end.map(Timestamp::china_date);
        if let Some(present) = limits.present.filter(|present| day(present.valid_until) == day(end)) {
            return Ok(present.valid_until);
        }
        if end.is_some_and(|end| end < limits.now) {
            return Err((field, "有效时间不能早于今天".to_owned()));
        }
        match limits.own_end {
            Some(own) if end.is_none_or(|end| end > own) => {
                Err((field, format!("有效时间不能超过您本人的有效时间（{}）", own.china_date())))
            }
            _ => Ok(end),
        }
    }
}
