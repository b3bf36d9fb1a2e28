//! The demonstration's accounts: fixed, so that guides and tests can name them. All numbers are synthetic.

use anyhow::Result;

use crate::app::App;
use crate::domain::entity_type::EntityType;
use crate::domain::principal::{AccountKind, LegalEntity, Operator, Person, StoredDocument};
use crate::domain::profile::Profile;
use crate::platform::random;
use crate::store::{accounts, operators, principals};

pub const PASSWORD: &str = "Jlrs2026";

/// What the demonstration prints.
pub const GUIDE: [(&str, &str); 5] = [
    ("法人登录", "xinyue0221 或 91220101TEXT00017E"),
    ("经办人登录（有管理权限）", "单位 91220101TEXT00017E，经办人 19400000001"),
    ("经办人登录", "单位 91220101TEXT00017E，经办人 15400000002"),
    ("个人登录", "liying2026、19400000003 或 220102199001010009"),
    ("经办人登录（第二个单位）", "单位 92220102TEXT00033F，经办人 19400000003"),
];

/// Makes the demo's accounts, unless they are there.
///
/// # Errors
/// When the database or the hasher fails.
pub async fn seed(app: &App) -> Result<()> {
    if accounts::find_legal_entity(&app.store, "xinyue0221", "91220101TEXT00017E").await?.is_some() {
        return Ok(());
    }
    let first = LegalEntity {
        id: random::id(),
        login_name: "xinyue0221".to_owned(),
        credit_code: "91220101TEXT00017E".to_owned(),
        name: "长春欣悦信息技术有限公司（演示）".to_owned(),
        entity_type: EntityType::Enterprise,
        representative_name: Some("王颖".to_owned()),
        representative_document: Some(resident_id("220102199912310002")),
        representative_validity: None,
        representative_changed_at: None,
        phone: Some("15400007850".to_owned()),
    };
    let second = LegalEntity {
        id: random::id(),
        login_name: "liyingbaihuo".to_owned(),
        credit_code: "92220102TEXT00033F".to_owned(),
        name: "长春市南关区颖记百货店（演示）".to_owned(),
        entity_type: EntityType::IndividualBusiness,
        representative_name: Some("赵敏".to_owned()),
        representative_document: Some(resident_id("220103190002280006")),
        representative_validity: None,
        representative_changed_at: None,
        phone: Some("19400000033".to_owned()),
    };
    let person = Person {
        id: random::id(),
        login_name: "liying2026".to_owned(),
        name: "李颖".to_owned(),
        document: Some(resident_id("220102199001010009")),
        document_validity: None,
        phone: Some("19400000003".to_owned()),
        profile: Profile::default(),
    };
    // Hashed before the transaction begins: the writer must not wait for argon2.
    let mut hashes = Vec::new();
    for _ in 0..6 {
        hashes.push(app.hasher.hash(PASSWORD).await??);
    }
    let mut hashes = hashes.into_iter();
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    for unit in [&first, &second] {
        accounts::insert(&mut tx, &unit.id, AccountKind::LegalEntity, hashes.next().as_deref(), 2, now)
            .await?;
        principals::insert_legal_entity(&mut tx, &app.vault, unit).await?;
    }
    accounts::insert(&mut tx, &person.id, AccountKind::Person, hashes.next().as_deref(), 2, now).await?;
    principals::insert_person(&mut tx, &app.vault, &person).await?;
    let operators = [
        (&first.id, "张伟", "220302200002290002", "19400000001", "财务部", true),
        (&first.id, "刘洋", "222401199912310004", "15400000002", "人力资源部", false),
        (&second.id, "李颖", "220102199001010009", "19400000003", "", false),
    ];
    for (unit, name, number, phone, department, may_manage) in operators {
        let operator = Operator {
            id: random::id(),
            name: name.to_owned(),
            document: resident_id(number),
            phone: phone.to_owned(),
            department: department.to_owned(),
            may_manage,
            valid_from: now,
            valid_until: None,
            frozen: false,
        };
        accounts::insert(&mut tx, &operator.id, AccountKind::Operator, hashes.next().as_deref(), 2, now)
            .await?;
        operators::insert(&mut tx, &app.vault, unit, &operator, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn resident_id(number: &str) -> StoredDocument {
    StoredDocument { type_code: "111".to_owned(), number: number.to_owned() }
}
