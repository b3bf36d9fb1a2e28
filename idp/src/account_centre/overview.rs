//! `/account`, 企业信息 or 个人信息 or 经办人信息: who is signed in, with personal data masked.

use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;

use super::shared::{Centre, Owner};
use crate::domain::mask;
use crate::domain::principal::{LegalEntity, Operator, Person, Principal};
use crate::web::{self, Frame, Visitor};

#[derive(Template)]
#[template(path = "account_centre/overview.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    notice: Option<&'static str>,
    rows: Vec<(&'static str, String)>,
    may_renew_document: bool,
}

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner, RawQuery(query): RawQuery) -> web::Result<Response> {
    let (current, rows) = match &owner.principal {
        Principal::LegalEntity(unit) => ("企业信息", unit_rows(unit)),
        Principal::Operator { operator, unit } => ("经办人信息", operator_rows(operator, unit)),
        Principal::Person(person) => ("个人信息", person_rows(person)),
    };
    let notice = match query.as_deref() {
        Some("done=phone") => Some("手机号码修改成功"),
        Some("done=details") => Some("保存成功"),
        Some("done=document") => Some("证件信息更新成功"),
        Some("done=entity") => Some("企业信息变更成功"),
        _ => None,
    };
    let may_renew_document =
        matches!(&owner.principal, Principal::Person(person) if person.document.is_some());
    let centre = owner.centre(current);
    visitor.show(&Page { frame: visitor.frame(), centre, notice, rows, may_renew_document })
}

fn unit_rows(unit: &LegalEntity) -> Vec<(&'static str, String)> {
    vec![
        ("企业账号", unit.login_name.clone()),
        (unit.entity_type.name_label(), unit.name.clone()),
        ("统一社会信用代码", unit.credit_code.clone()),
        ("法人类型", unit.entity_type.label().to_owned()),
        ("绑定手机号码", unit.phone.as_deref().map(mask::phone).unwrap_or_default()),
    ]
}

fn operator_rows(operator: &Operator, unit: &LegalEntity) -> Vec<(&'static str, String)> {
    vec![
        ("经办人姓名", mask::name(&operator.name)),
        ("证件类型", operator.document.type_label().to_owned()),
        ("证件号码", mask::document_number(&operator.document.number)),
        ("手机号码", mask::phone(&operator.phone)),
        ("下级所属部门", operator.department.clone()),
        ("管理权限", if operator.may_manage { "是" } else { "否" }.to_owned()),
        ("有效时间", operator.valid_until.map_or("长期".to_owned(), |end| end.china_date().to_string())),
        (unit.entity_type.name_label(), unit.name.clone()),
        ("统一社会信用代码", unit.credit_code.clone()),
        ("法人类型", unit.entity_type.label().to_owned()),
    ]
}

fn person_rows(person: &Person) -> Vec<(&'static str, String)> {
    let document = person.document.as_ref();
    vec![
        ("个人账号", person.login_name.clone()),
        ("姓名", mask::name(&person.name)),
        ("证件类型", document.map(|document| document.type_label().to_owned()).unwrap_or_default()),
        ("证件号码", document.map(|document| mask::document_number(&document.number)).unwrap_or_default()),
        (
            "证件有效期至",
            person
                .document_validity
                .map(|validity| validity.end().map_or("长期".to_owned(), |end| end.to_string()))
                .unwrap_or_default(),
        ),
        ("绑定手机号码", person.phone.as_deref().map(mask::phone).unwrap_or_default()),
    ]
}
