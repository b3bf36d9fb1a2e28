//! `/account/operators`: the unit's operators, a page at a time.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::form_urlencoded;

use super::access::{Manager, is_id, url};
use crate::account_centre::shared::Centre;
use crate::app::App;
use crate::domain::mask;
use crate::domain::operator_term::OperatorStatus;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::store::operators::listing::{self, Filter, Key, Listed, Position, UNCONFIRMED};
use crate::web::{self, Frame, SafeForm, Visitor, urls};

#[derive(Template)]
#[template(path = "account_centre/operators/list.html")]
struct Page<'a> {
    frame: Frame<'a>,
    centre: Centre,
    notice: Option<&'static str>,
    search: String,
    status: String,
    statuses: Vec<(&'static str, &'static str)>,
    is_filtered: bool,
    rows: Vec<Row>,
    /// Some of them were named by a representative who is no longer in office.
    ask_to_confirm: bool,
    may_confirm: bool,
    unconfirmed_url: String,
    previous_url: Option<String>,
    next_url: Option<String>,
    /// The query of this page.
    back: String,
}

struct Row {
    name: String,
    document_type: String,
    document_number: String,
    phone: String,
    valid_from: String,
    valid_until: String,
    may_manage: bool,
    department: String,
    status: OperatorStatus,
    is_self: bool,
    may_be_managed: bool,
    is_unconfirmed: bool,
    is_unchecked: bool,
    is_denied: bool,
    edit_url: String,
    remove_url: String,
    password_url: String,
    freeze_url: String,
    unfreeze_url: String,
    confirm_url: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Address {
    /// Sealed: what is searched for is personal, and addresses are kept by browsers and proxies.
    search: String,
    status: String,
    after: String,
    before: String,
    done: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SearchForm {
    search: String,
    status: String,
}

/// The vault's name for searches in addresses.
const FIELD: &str = "operators.search";
const LONGEST_SEARCH: usize = 60;

/// # Errors
/// When the database fails, or the visitor may not manage operators.
pub async fn get(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    Query(address): Query<Address>,
) -> web::Result<Response> {
    let unit = &manager.unit;
    let search = opened(&app, &unit.id, &address.search);
    let statuses = statuses(unit.representative_changed_at);
    let status = address.status.as_str();
    let status = if statuses.iter().any(|(code, _)| *code == status) { status } else { "" };
    let now = app.clock.now();
    let filter = Filter {
        unit_id: &unit.id,
        search: &search,
        status,
        representative_changed_at: unit.representative_changed_at,
        now,
    };
    let mut position = position(&address);
    let mut page = listing::page(&app.store, &app.vault, &filter, &position).await?;
    if matches!(position, Position::Before(_)) && !page.has_newer {
        // The first page again: full, whatever has become of its operators.
        position = Position::First;
        page = listing::page(&app.store, &app.vault, &filter, &position).await?;
    }
    let place = Place { search: if search.is_empty() { "" } else { &address.search }, status };
    let key = |listed: Option<&Listed>| listed.map(key_text).unwrap_or_default();
    let previous_url = page.has_newer.then(|| place.url(&[("before", &key(page.operators.first()))]));
    let next_url = page.has_older.then(|| place.url(&[("after", &key(page.operators.last()))]));
    let rows: Vec<Row> = page.operators.iter().map(|listed| Row::of(listed, &manager, now)).collect();
    visitor.show(&Page {
        frame: visitor.frame(),
        centre: manager.centre(),
        notice: notice(&address.done),
        is_filtered: !search.is_empty() || !status.is_empty(),
        ask_to_confirm: rows.iter().any(|row| row.is_unconfirmed),
        may_confirm: manager.owner.own_unit().is_some(),
        unconfirmed_url: Place { search: "", status: UNCONFIRMED }.url(&[]),
        previous_url,
        next_url,
        back: match &position {
            Position::First => place.query(&[]),
            Position::After(_) => place.query(&[("after", &address.after)]),
            Position::Before(_) => place.query(&[("before", &address.before)]),
        },
        status: status.to_owned(),
        statuses,
        search,
        rows,
    })
}

/// The search, on its way to an address that says nothing of it.
///
/// # Errors
/// As [`get`].
pub async fn post(
    State(app): State<App>,
    visitor: Visitor,
    manager: Manager,
    SafeForm(form): SafeForm<SearchForm>,
) -> web::Result<Response> {
    let search: String = form.search.trim().chars().take(LONGEST_SEARCH).collect();
    let sealed = match search.is_empty() {
        true => String::new(),
        false => random::base64url(&app.vault.seal(FIELD, &manager.unit.id, &search)?),
    };
    Ok(visitor.go(&Place { search: &sealed, status: &form.status }.url(&[])))
}

/// What is searched for; nothing if the address was not made here.
fn opened(app: &App, unit_id: &str, sealed: &str) -> String {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
    app.vault.open_text(FIELD, unit_id, &sealed).unwrap_or_default()
}

/// What stays the same from page to page.
struct Place<'a> {
    search: &'a str,
    status: &'a str,
}

impl Place<'_> {
    fn query(&self, more: &[(&str, &str)]) -> String {
        let pairs = [("search", self.search), ("status", self.status)];
        let pairs = pairs.iter().chain(more).filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn url(&self, more: &[(&str, &str)]) -> String {
        match self.query(more) {
            query if query.is_empty() => urls::ACCOUNT_OPERATORS.to_owned(),
            query => format!("{}?{query}", urls::ACCOUNT_OPERATORS),
        }
    }
}

fn position(address: &Address) -> Position {
    match (key(&address.after), key(&address.before)) {
        (Some(key), _) => Position::After(key),
        (None, Some(key)) => Position::Before(key),
        (None, None) => Position::First,
    }
}

fn key(text: &str) -> Option<Key> {
    let (added_at, id) = text.split_once('.').filter(|(_, id)| is_id(id))?;
    Some(Key { added_at: added_at.parse().ok()?, id: id.to_owned() })
}

fn key_text(listed: &Listed) -> String {
    format!("{}.{}", listed.added_at.millis(), listed.operator.id)
}

/// The filter's choices, as (code, label).
fn statuses(representative_changed_at: Option<Timestamp>) -> Vec<(&'static str, &'static str)> {
    let mut statuses = vec![("", "全部状态")];
    statuses.extend(OperatorStatus::ALL.map(|status| (status.code(), status.label())));
    if representative_changed_at.is_some() {
        statuses.push((UNCONFIRMED, "待确认"));
    }
    statuses
}

fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "added" => "添加成功，已短信通知该经办人",
        "added_unchecked" => {
            "添加成功，已短信通知该经办人。核验服务暂时不可用，该经办人的姓名和证件号码待核验，核验不一致时账号将被冻结"
        }
        "denied" => "该经办人的姓名与证件号码核验不一致，不能解冻，请删除后重新添加",
        "edited" => "修改成功",
        "removed" => "删除成功，该经办人已退出所有应用",
        "frozen" => "冻结成功，该经办人已退出所有应用",
        "unfrozen" => "解冻成功",
        "password" => "密码重置成功，该经办人需使用新密码重新登录",
        "confirmed" => "确认成功",
        "verified" => "验证成功，请继续操作",
        _ => return None,
    })
}

impl Row {
    fn of(listed: &Listed, manager: &Manager, now: Timestamp) -> Self {
        let operator = &listed.operator;
        let action = |name: &str| url(&operator.id, name);
        Self {
            name: operator.name.clone(),
            document_type: operator.document.type_label().to_owned(),
            document_number: mask::document_number(&operator.document.number),
            phone: mask::phone(&operator.phone),
            valid_from: operator.valid_from.china_date().to_string(),
            valid_until: operator
                .valid_until
                .map_or_else(|| "长期".to_owned(), |end| end.china_date().to_string()),
            may_manage: operator.may_manage,
            department: operator.department.clone(),
            status: OperatorStatus::of(operator, now),
            is_self: operator.id == manager.owner.account_id(),
            may_be_managed: manager.may_work_on(operator),
            is_unconfirmed: manager
                .unit
                .representative_changed_at
                .is_some_and(|changed| changed > listed.confirmed_at),
            is_unchecked: listed.is_unchecked,
            is_denied: listed.is_denied,
            edit_url: action("edit"),
            remove_url: action("remove"),
            password_url: action("password"),
            freeze_url: action("freeze"),
            unfreeze_url: action("unfreeze"),
            confirm_url: action("confirm"),
        }
    }
}
