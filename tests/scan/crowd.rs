//! Many who wait, at several instances: what they cost the store, and when they hear of what the telephone does.

use std::time::{Duration, Instant};

use super::live::Events;
use crate::support::qr::{self, Screen, answer, scan};
use crate::support::{Agent, Engine, TestApp, sql};

/// Who waits at one instance hears of what a telephone does at another as soon as the instance looks again, which is in
/// less than a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_look_tells_what_another_instance_confirmed() {
    let Some(first) = TestApp::start_with(Engine::Postgres, |_| ()).await else { return };
    let second = first.second_instance().await;
    let mut phone = qr::person(&second).await;
    let looks = || first.app.metrics.qr_looks.get();
    let mut looked = Vec::new();
    for _ in 0..5 {
        let mut screen = Screen::open(&first).await;
        let mut events = Events::open(&screen).await;
        assert_eq!(events.state().await, "waiting");
        let code = screen.code();
        let page = scan(&mut phone, &code).await;
        let scanned = events.next().await.unwrap();
        assert_eq!(scanned["state"], "scanned");
        let number = scanned["number"].as_u64().unwrap().try_into().unwrap();
        let done = answer(&mut phone, &code, &page, number, "confirm").await;
        let before = looks();
        assert_eq!(done.status, 200);
        assert_eq!(events.state().await, "confirmed");
        looked.push(looks() - before);
        assert_eq!(screen.finish().await.status, 303);
    }
    // Most times: where other tests have the processor, it may look once more before this one sees what it has told.
    looked.sort_unstable();
    assert!(looked[2] <= 1, "{looked:?}");
}

on_both! {
    // Where events don't get through, the script asks now and then: that costs the store a query when it begins, and none
    // as long as it goes on. Else ten thousand of them would be a thousand queries a second.
    async fn who_asks_instead_costs_no_more(app: TestApp) {
        let mut screen = Screen::open(&app).await;
        let mut other = Screen::open(&app).await;
        assert_eq!((screen.view().await, other.view().await), ("waiting".to_owned(), "waiting".to_owned()));
        // News comes by the way that it comes to all who wait.
        let mut phone = qr::person(&app).await;
        let code = other.code();
        let page = scan(&mut phone, &code).await;
        let number = other.number().await;
        answer(&mut phone, &code, &page, number, "confirm").await;
        assert_eq!(other.view().await, "confirmed");
        assert_eq!(sql::execute(&app, "DELETE FROM qr_tickets WHERE stage = 'waiting'").await, 1);
        for _ in 0..3 {
            assert_eq!(screen.view().await, "waiting", "the store would know of none");
        }
        // It is told to the browser that shows the code, and to no other that has got hold of its address.
        let path = screen.page.attribute("[data-qr]", "data-state-url").unwrap();
        assert_eq!(Agent::new(&app.base).get(&path).await.status, 404);
        // Who has been away for a while is told what the store knows.
        app.advance_seconds(61);
        assert_eq!(screen.view().await, "unknown");
    }
}

/// One look for everybody, and none for nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_wait_cost_one_query_a_second() {
    /// How many looks there were meanwhile, and the time that they had.
    async fn looks(app: &TestApp) -> (u64, u128) {
        let (before, began) = (app.app.metrics.qr_looks.get(), Instant::now());
        tokio::time::sleep(Duration::from_secs(3)).await;
        (app.app.metrics.qr_looks.get() - before, began.elapsed().as_millis())
    }
    let app = TestApp::start_with(Engine::Sqlite, |_| ()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(app.app.metrics.qr_looks.get(), 0, "nobody waits, nobody looks");
    let mut waiting = Vec::new();
    let mut code = String::new();
    for _ in 0..50 {
        let screen = Screen::open(&app).await;
        let mut events = Events::open(&screen).await;
        assert_eq!(events.state().await, "waiting");
        waiting.push(events);
        code = screen.code();
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let (count, millis) = looks(&app).await;
    assert!((1..=millis / 1000 + 1).contains(&count.into()), "{count} looks in {millis} ms");
    assert_eq!(app.app.metrics.qr_waiting.get(), 50);
    // Hardly more while somebody is about to confirm, as somebody always is where thousands wait.
    scan(&mut qr::person(&app).await, &code).await;
    assert_eq!(waiting.last_mut().unwrap().state().await, "scanned");
    let (count, millis) = looks(&app).await;
    assert!((2..=millis / 750 + 1).contains(&count.into()), "{count} looks in {millis} ms");
    drop(waiting);
    let gone = async {
        while app.app.metrics.qr_waiting.get() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("closed connections are noticed");
    let before = app.app.metrics.qr_looks.get();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(app.app.metrics.qr_looks.get(), before, "they have gone");
}
