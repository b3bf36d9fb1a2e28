//! `/account`: who is signed in, with personal data masked.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::mask;
use crate::domain::principal::{LegalEntity, Principal};
use crate::store::principals;
use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/overview.html")]
struct Page<'a> {
    frame: Frame<'a>,
    greeting: String,
    account_label: String,
    rows: Vec<(String, String)>,
    sign_out_action: &'static str,
}

/// # Errors
/// When the database fails.
pub async fn get(State(app): State<App>, visitor: Visitor) -> web::Result<Response> {
    let Some(session) = visitor.session().await? else { return Ok(visitor.go(urls::SIGN_IN)) };
    let Some(principal) = principals::find(&app.store, &app.vault, &session.account_id).await? else {
        return Ok(visitor.go(urls::SIGN_IN));
    };
    visitor.show(&Page {
        frame: visitor.frame(),
        greeting: greeting(&principal),
        account_label: account_label(&principal),
        rows: rows(&principal).into_iter().map(|(label, value)| (label.to_owned(), value)).collect(),
        sign_out_action: "/sign-out/confirm",
    })
}

fn greeting(principal: &Principal) -> String {
    match principal {
        Principal::LegalEntity(unit) => {
            unit.representative_name.as_deref().map_or(unit.name.clone(), mask::name)
        }
        Principal::Operator { operator, .. } => mask::name(&operator.name),
        Principal::Person(person) => mask::name(&person.name),
    }
}

fn account_label(principal: &Principal) -> String {
    match principal {
        Principal::LegalEntity(unit) => format!("企业账号：{}", unit.login_name),
        Principal::Operator { unit, .. } => format!("经办人账号（{}）", unit.name),
        Principal::Person(person) => format!("个人账号：{}", person.login_name),
    }
}

fn rows(principal: &Principal) -> Vec<(&'static str, String)> {
    let masked_phone = |phone: Option<&str>| phone.map(mask::phone).unwrap_or_default();
    match principal {
        Principal::LegalEntity(unit) => {
            let mut rows = unit_rows(unit);
            rows.push((
                unit.entity_type.representative_label(),
                unit.representative_name.as_deref().map(mask::name).unwrap_or_default(),
            ));
            rows.push(("绑定手机号码", masked_phone(unit.phone.as_deref())));
            rows
        }
        Principal::Operator { operator, unit } => {
            let mut rows = vec![
                ("经办人姓名", mask::name(&operator.name)),
                ("证件号码", mask::document_number(&operator.document.number)),
                ("手机号码", masked_phone(Some(&operator.phone))),
                ("下级所属部门", operator.department.clone()),
                ("管理权限", if operator.may_manage { "是" } else { "否" }.to_owned()),
                (
                    "有效时间",
                    operator.valid_until.map_or("长期".to_owned(), |end| end.china_date().to_string()),
                ),
            ];
            rows.extend(unit_rows(unit));
            rows
        }
        Principal::Person(person) => vec![
            ("姓名", mask::name(&person.name)),
            (
                "证件号码",
                person
                    .document
                    .as_ref()
                    .map(|document| mask::document_number(&document.number))
                    .unwrap_or_default(),
            ),
            ("绑定手机号码", masked_phone(person.phone.as_deref())),
        ],
    }
}

fn unit_rows(unit: &LegalEntity) -> Vec<(&'static str, String)> {
    vec![
        (unit.entity_type.name_label(), unit.name.clone()),
        ("统一社会信用代码", unit.credit_code.clone()),
        ("法人类型", unit.entity_type.label().to_owned()),
    ]
}
