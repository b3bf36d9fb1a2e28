//! 法人信息: who represents the unit, masked.

use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;

use super::shared::{Centre, Owner};
use crate::domain::mask;
use crate::domain::principal::StoredDocument;
use crate::web::{self, Frame, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/representative.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    notice: Option<&'static str>,
    rows: Vec<(String, String)>,
}

/// # Errors
/// When the database fails.
pub async fn get(visitor: Visitor, owner: Owner, RawQuery(query): RawQuery) -> web::Result<Response> {
    let Some(unit) = owner.own_unit() else { return Ok(visitor.go(urls::ACCOUNT)) };
    let who = unit.entity_type.representative_label();
    let document = unit.representative_document.as_ref();
    let number = document.map(|document| mask::document_number(&document.number));
    let validity = unit.representative_validity.map(|validity| {
        let end = validity.end().map_or("长期".to_owned(), |end| end.to_string());
        format!("{} 至 {end}", validity.start())
    });
    let rows = vec![
        (format!("{who}姓名"), unit.representative_name.as_deref().map(mask::name).unwrap_or_default()),
        ("证件类型".to_owned(), document.map(StoredDocument::type_label).unwrap_or_default().to_owned()),
        ("证件号码".to_owned(), number.unwrap_or_default()),
        ("证件有效期".to_owned(), validity.unwrap_or_default()),
        ("手机号码".to_owned(), unit.phone.as_deref().map(mask::phone).unwrap_or_default()),
    ];
    let notice = (query.as_deref() == Some("done=changed")).then_some("变更成功");
    visitor.show(&Page { frame: visitor.frame(), centre: owner.centre("法人信息"), notice, rows })
}
