//! The list: search, filter, pages, and what it does not show.

use idp::domain::principal::{AccountKind, Operator, StoredDocument};
use idp::domain::timestamp::{Span, Timestamp};
use idp::store::{accounts, operators};
use scraper::{Html, Selector};

use super::*;

/// A few dozen more operators of the demo's first unit, named 员工甲… in the order of their numbers.
pub async fn fill(app: &TestApp, count: usize) {
    const LETTERS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
    let unit =
        sql::text(app, &format!("SELECT account_id FROM legal_entities WHERE credit_code = '{UNIT}'")).await;
    let now = app.clock.now();
    let mut tx = app.app.store.begin().await.unwrap();
    for number in 0..count {
        let operator = Operator {
            id: format!("filled-{number:03}"),
            name: format!("员工{}{}", LETTERS[number / 10], LETTERS[number % 10]),
            document: StoredDocument { type_code: "414".to_owned(), number: format!("E{number:08}") },
            phone: format!("154001{number:05}"),
            department: format!("第{}部", number / 10),
            may_manage: false,
            valid_from: if number % 10 == 9 { now + Span::minutes(60) } else { now },
            valid_until: (number % 10 == 8).then(|| Timestamp::from_millis(1)),
            frozen: false,
        };
        accounts::insert(&mut tx, &operator.id, AccountKind::Operator, None, 1, now).await.unwrap();
        // Pairs were added in one millisecond: their order is then their ids'.
        let added = now + Span::millis(1 + number as i64 / 2);
        operators::insert(&mut tx, &app.app.vault, &unit, &operator, added).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn names(reply: &Reply) -> Vec<String> {
    let document = Html::parse_document(&reply.body);
    let selector = Selector::parse(".operators__name").unwrap();
    document.select(&selector).map(|element| element.text().collect()).collect()
}

fn link(reply: &Reply, rel: &str) -> Option<String> {
    reply.attribute(&format!(".operators__pages a[rel={rel}]"), "href")
}

/// Posts the search form and follows.
async fn search(agent: &mut Agent, text: &str, status: &str) -> Reply {
    let found = agent.post(LIST, &[("search", text), ("status", status)]).await;
    let location = found.location().unwrap();
    assert!(text.is_empty() || !location.contains(text), "{location}: nothing personal in an address");
    agent.follow(found).await
}

on_both! {
    async fn pages_lead_forth_and_back_without_gaps(app: TestApp) {
        fill(&app, 48).await;
        let mut agent = unit(&app).await;
        let first = agent.get(LIST).await;
        assert!(link(&first, "prev").is_none());
        let second = agent.get(&link(&first, "next").unwrap()).await;
        let third = agent.get(&link(&second, "next").unwrap()).await;
        assert!(link(&third, "next").is_none());
        let all = [names(&first), names(&second), names(&third)].concat();
        assert_eq!((names(&first).len(), names(&second).len(), all.len()), (20, 20, 50));
        assert_eq!(all[0], "员工戊辛", "newest first");
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 50);
        let back = agent.get(&link(&third, "prev").unwrap()).await;
        assert_eq!(names(&back), names(&second));
        let start = agent.get(&link(&back, "prev").unwrap()).await;
        assert_eq!((names(&start), link(&start, "prev")), (names(&first), None));
        // Somebody who was removed meanwhile leaves no gap, and a button leads back to its page.
        let reply = agent.post(&of("filled-047", "remove"), &[]).await;
        assert_eq!(reply.status, 303);
        let shifted = agent.get(&link(&back, "prev").unwrap()).await;
        assert_eq!((names(&shifted).len(), link(&shifted, "prev")), (20, None));
        let query = link(&first, "next").unwrap().split_once('?').unwrap().1.to_owned();
        assert_eq!(second.attribute("tbody [name=back]", "value").as_deref(), Some(query.as_str()));
        let frozen = agent.post(&of("filled-000", "freeze"), &[("back", &query)]).await;
        assert_eq!(frozen.location().unwrap(), format!("{LIST}?done=frozen&{query}"));
        let evil = agent.post(&of("filled-000", "freeze"), &[("back", "\r\nx: y")]).await;
        assert_eq!(evil.location().unwrap(), format!("{LIST}?done=frozen"));
        for nonsense in ["after=x", "after=1", "before=.", "after=1.%00", "search=%FF", "search=abc", "status=zzz", "after=99999999999999999999.a"] {
            assert_eq!(agent.get(&format!("{LIST}?{nonsense}")).await.status, 200, "{nonsense}");
        }
    }
}

on_both! {
    async fn whole_names_and_numbers_are_found_and_beginnings_of_departments(app: TestApp) {
        fill(&app, 45).await;
        let mut agent = unit(&app).await;
        for (text, found) in [
            ("员工乙丙", &["员工乙丙"][..]),
            ("  员工乙丙 ", &["员工乙丙"]),
            ("15400100012", &["员工乙丙"]),
            ("+86 154-0010-0012", &["员工乙丙"]),
            ("E00000012", &["员工乙丙"]),
            ("e 00000012", &["员工乙丙"]),
            ("222401199912310004", &["刘洋"]),
            ("19400000001", &["张伟"]),
            ("人力", &["刘洋"]),
            ("财务部", &["张伟"]),
            ("员工", &[]),
            ("资源", &[]),
            ("%", &[]),
            ("' OR 1=1 --", &[]),
            ("李颖", &[]), // another unit's
        ] {
            let reply = search(&mut agent, text, "").await;
            assert_eq!(names(&reply), found, "{text}");
            assert_eq!(reply.attribute("[name=search]", "value").as_deref(), Some(text.trim()));
            assert_eq!(reply.text().contains("没有符合条件的经办人"), found.is_empty());
        }
        let third = search(&mut agent, "第2部", "").await;
        assert_eq!(names(&third).len(), 10);
        let many = search(&mut agent, "第", "").await;
        assert_eq!(names(&many).len(), 20);
        let rest = agent.get(&link(&many, "next").unwrap()).await;
        let last = agent.get(&link(&rest, "next").unwrap()).await;
        assert_eq!((names(&last).len(), link(&last, "next")), (5, None));
        assert_eq!(rest.attribute("[name=search]", "value").as_deref(), Some("第"), "kept from page to page");
        // The address of one unit's search means nothing to another.
        let address = link(&many, "next").unwrap();
        let mut other = Agent::new(&app.base);
        let fields = [("account", "liyingbaihuo"), ("password", PASSWORD)];
        assert_eq!(other.sign_in("/sign-in/legal-entity", &fields).await.status, 303);
        let reply = other.get(&address).await;
        assert_eq!(reply.attribute("[name=search]", "value").as_deref(), Some(""));
    }
}

on_both! {
    async fn the_status_is_computed_and_filtered(app: TestApp) {
        fill(&app, 40).await;
        let mut agent = unit(&app).await;
        agent.post(&of("filled-000", "freeze"), &[]).await;
        for (status, count, label) in [("expired", 4, "失效"), ("future", 4, "待生效"), ("frozen", 1, "冻结"), ("active", 20, "生效")] {
            let reply = search(&mut agent, "", status).await;
            assert_eq!((names(&reply).len(), reply.text_of(".status")), (count, label.to_owned()));
            assert!(reply.has(&format!("option[value={status}][selected]")));
        }
        assert_eq!(names(&search(&mut agent, "第3部", "expired").await), ["员工丁壬"]);
        app.advance_seconds(3601);
        agent.sign_in_legal_entity().await;
        assert!(names(&search(&mut agent, "", "future").await).is_empty());
    }
}

on_both! {
    async fn numbers_are_masked_and_a_unit_without_operators_is_told_so(app: TestApp) {
        let mut agent = unit(&app).await;
        let list = agent.get(LIST).await;
        for shown in ["张伟", "刘洋", "财务部", "**************0002", "194****0001"] {
            assert!(list.text().contains(shown), "{shown}");
        }
        for hidden in ["19400000001", "15400000002", "220302200002290002", "222401199912310004", UNIT_PHONE] {
            assert!(!list.body.contains(hidden), "{hidden}");
        }
        for (phone, action) in [(OPERATOR_PHONE, "edit"), (OPERATOR_PHONE, "remove"), (OPERATOR_PHONE, "password")] {
            let page = agent.get(&of(&id_of(&app, phone).await, action)).await;
            assert!(page.text().contains("154****0002") && !page.body.contains(phone), "{action}");
        }
        for phone in [MANAGER_PHONE, OPERATOR_PHONE] {
            agent.post(&of(&id_of(&app, phone).await, "remove"), &[]).await;
        }
        let empty = agent.get(LIST).await;
        assert!(empty.text().contains("暂无经办人") && !empty.has("table"));
    }
}
