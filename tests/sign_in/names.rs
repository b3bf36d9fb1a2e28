//! Which names open which account, however they are typed.

use idp::domain::principal::{AccountKind, Person, StoredDocument};
use idp::domain::profile::Profile;
use idp::platform::random;
use idp::store::{accounts, principals};

use super::{PASSWORD, alert, as_legal_entity, as_operator, as_person};
use crate::support::Agent;

on_both! {
    async fn a_legal_entity_by_account_name_or_credit_code(app: TestApp) {
        for typed in [
            "xinyue0221",
            "XinYue0221",
            "  xinyue0221 ",
            "ｘｉｎｙｕｅ０２２１",
            "91220101TEXT00017E",
            "91220101text00017e",
            "９１２２０１０１ＴＥＸＴ０００１７Ｅ",
            "9122 0101 TEXT 0001 7E",
            "\u{3000}91220101-TEXT00017E",
        ] {
            let mut agent = Agent::new(&app.base);
            let reply = as_legal_entity(&mut agent, typed, PASSWORD).await;
            assert_eq!(reply.status, 303, "{typed}: {}", alert(&reply));
            let page = agent.follow(reply).await;
            assert!(page.text().contains("企业账号：xinyue0221"), "{typed}: {}", page.text());
        }
    }
}

on_both! {
    |config| config.sign_in.captcha = idp::config::CaptchaMode::Off;
    async fn names_of_other_kinds_open_nothing(app: TestApp) {
        // The unit's bound telephone, a person's names, somebody else's code, and names that are no names.
        for typed in ["15400007850", "liying2026", "19400000003", "91220101TEXT00017", "%", "' OR '1'='1", "\u{1}"] {
            let reply = as_legal_entity(&mut Agent::new(&app.base), typed, PASSWORD).await;
            assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, "账号或密码错误"), "{typed:?}");
        }
        for typed in ["xinyue0221", "91220101TEXT00017E", "19400000001", "220302200002290002"] {
            let reply = as_person(&mut Agent::new(&app.base), typed, PASSWORD).await;
            assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, "账号或密码错误"), "{typed}");
        }
        for (unit, operator) in [
            ("92220102TEXT00033F", "19400000001"), // another unit's operator
            ("xinyue0221", "15400007850"),         // the unit's own telephone
            ("xinyue0221", "xinyue0221"),
            ("19400000001", "19400000001"),
        ] {
            let reply = as_operator(&mut Agent::new(&app.base), unit, operator, PASSWORD).await;
            assert_eq!((reply.status.as_u16(), alert(&reply).as_str()), (422, "账号或密码错误"), "{unit} {operator}");
        }
    }
}

on_both! {
    async fn a_person_by_account_telephone_or_id_number(app: TestApp) {
        for typed in [
            "liying2026",
            "LIYING2026",
            "19400000003",
            "194 0000 0003",
            "194-0000-0003",
            "+86 19400000003",
            "＋８６１９４００００００03",
            "220102199001010009",
            "220102 19900101 0009",
            "２２０１０２１９９００１０１０００９",
        ] {
            let mut agent = Agent::new(&app.base);
            let reply = as_person(&mut agent, typed, PASSWORD).await;
            assert_eq!(reply.status, 303, "{typed}: {}", alert(&reply));
            let page = agent.follow(reply).await;
            assert!(page.text().contains("个人账号：liying2026"), "{typed}: {}", page.text());
            assert!(page.text().contains("*颖，您好") && page.text().contains("194****0003"), "{}", page.text());
        }
    }
}

on_both! {
    async fn the_x_of_an_id_number_may_be_small(app: TestApp) {
        let person = Person {
            id: random::id(),
            login_name: "sunli2026".to_owned(),
            name: "孙丽".to_owned(),
            document: Some(StoredDocument { type_code: "111".to_owned(), number: "22010219880309000X".to_owned() }),
            document_validity: None,
            phone: None,
            profile: Profile::default(),
        };
        let hash = app.app.hasher.hash(PASSWORD).await.unwrap().unwrap();
        let mut tx = app.app.store.begin().await.unwrap();
        let now = app.clock.now();
        accounts::insert(&mut tx, &person.id, AccountKind::Person, Some(&hash), 1, now).await.unwrap();
        principals::insert_person(&mut tx, &app.app.vault, &person).await.unwrap();
        tx.commit().await.unwrap();
        for typed in ["22010219880309000X", "22010219880309000x", "22010219880309000ｘ"] {
            let reply = as_person(&mut Agent::new(&app.base), typed, PASSWORD).await;
            assert_eq!(reply.status, 303, "{typed}: {}", alert(&reply));
        }
    }
}

on_both! {
    async fn an_operator_by_unit_and_telephone_or_id_number(app: TestApp) {
        for unit in ["xinyue0221", "XINYUE0221", "91220101TEXT00017E", "９１２２０１０１text00017e"] {
            for operator in ["19400000001", "+86 194 0000 0001", "220302200002290002", "2203022000 02290002"] {
                let mut agent = Agent::new(&app.base);
                let reply = as_operator(&mut agent, unit, operator, PASSWORD).await;
                assert_eq!(reply.status, 303, "{unit} {operator}: {}", alert(&reply));
                let page = agent.follow(reply).await;
                assert!(page.text().contains("*伟，您好"), "{}", page.text());
                assert!(page.text().contains("长春欣悦信息技术有限公司（演示）"), "{}", page.text());
            }
        }
        // The same person acts for another unit under another account.
        let mut agent = Agent::new(&app.base);
        let reply = as_operator(&mut agent, "liyingbaihuo", "19400000003", PASSWORD).await;
        assert!(agent.follow(reply).await.text().contains("长春市南关区颖记百货店（演示）"));
    }
}
