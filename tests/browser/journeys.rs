//! 一, 四: from the hall's home page through the sign-in to the applications, to the second portal, and out again.

use std::time::Instant;

use anyhow::{Result, bail, ensure};

use super::*;
use crate::support::Engine;

/// 应用入口, in the manual's order.
const APPLICATIONS: [&str; 12] = [
    "技能等级认定",
    "企业用工监测",
    "劳动监察",
    "人才开发",
    "人力资源服务",
    "工伤保险",
    "职业技能培训",
    "企业年金",
    "失业保险培训",
    "退休资格认定",
    "劳动争议仲裁调解",
    "用人单位劳动保障中心",
];

macro_rules! journeys {
    ($($name:ident: $who:expr, $viewport:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() -> Result<()> {
            whole_journey(&Demo::on_sqlite().await?, $who, $viewport).await
        }
    )+};
}

journeys! {
    a_legal_entity_at_a_desk: Who::LegalEntity, Viewport::Desktop;
    a_legal_entity_with_a_phone: Who::LegalEntity, Viewport::Phone;
    an_operator_at_a_desk: Who::Operator, Viewport::Desktop;
    an_operator_with_a_phone: Who::Operator, Viewport::Phone;
    a_person_at_a_desk: Who::Person, Viewport::Desktop;
    a_person_with_a_phone: Who::Person, Viewport::Phone;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_on_postgres() -> Result<()> {
    match Demo::start(Engine::Postgres).await? {
        Some(demo) => whole_journey(&demo, Who::Operator, Viewport::Desktop).await,
        None => Ok(()),
    }
}

async fn whole_journey(demo: &Demo, who: Who, viewport: Viewport) -> Result<()> {
    let browser = Browser::open(viewport).await?;
    browser.goto(&demo.portal("/")).await?;
    go_to_sign_in(&browser, who, viewport).await?;
    be_refused_once(&browser, who).await?;
    browser.fill("#password", PASSWORD).await?;
    match viewport {
        Viewport::Phone => prove_without_picture(&browser).await?,
        _ => read_captcha(demo, &browser).await?,
    }
    send(&browser).await?;
    arrive_in_the_hall(&browser, who).await?;
    open_an_application(&browser, who).await?;
    visit_the_second_portal(demo, &browser, who).await?;
    sign_out_everywhere(demo, &browser, who).await?;
    all_is_well(&browser).await
}

/// J1, J2: 【单位登录】 at the right or at the top right, then 【去登录】.
async fn go_to_sign_in(browser: &Browser, who: Who, viewport: Viewport) -> Result<()> {
    if who == Who::Person {
        browser.click_link_text("个人登录").await?;
        wait_for_path(browser, "/sign-in/personal").await?;
    } else {
        let door = if viewport == Viewport::Phone { ".topbar a.button" } else { ".entrance a.button" };
        ensure!(browser.text(door).await? == "单位登录");
        browser.click(door).await?;
        ensure!(browser.text("dialog h2").await? == "单位登录");
        browser.wait_for_focus("/hall/login?as=unit").await?;
        browser.click_link_text("去登录").await?;
        wait_for_path(browser, "/sign-in/legal-entity").await?;
    }
    ensure!(browser.text(".brand__name").await? == "吉林省统一身份认证平台");
    ensure!(browser.text("h1").await? == "账号密码登录");
    ensure!(browser.text(".card__portal").await?.contains("吉林智慧人社网上办事大厅"));
    ensure!(browser.texts(".tabs a").await? == ["个人登录", "法人登录"]);
    let current = if who == Who::Person { "个人登录" } else { "法人登录" };
    ensure!(browser.text(".tabs [aria-current=page]").await? == current);
    let links = browser.texts("form.form a").await?;
    let wanted: &[&str] = match who {
        Who::Person => &["忘记密码", "没有账号？立即注册"],
        _ => &["忘记密码", "没有账号？立即注册", "账号申诉", "经办人账号登录"],
    };
    ensure!(links == wanted, "{links:?}");
    if who == Who::Operator {
        browser.click_link_text("经办人账号登录").await?;
        wait_for_path(browser, "/sign-in/operator").await?;
        ensure!(browser.text("h1").await? == "经办人账号登录");
        let labels = browser.texts("label").await?;
        ensure!(labels == ["单位统一信用代码/法人账号", "经办人手机号/身份证号", "经办人密码"], "{labels:?}");
    }
    Ok(())
}

/// The captcha comes with the first failure; what was typed stays, but for the password.
async fn be_refused_once(browser: &Browser, who: Who) -> Result<()> {
    ensure!(!browser.has("#captcha_answer").await?, "no captcha without a failure");
    who.submit(browser, "Wrong2026").await?;
    ensure!(browser.text(".alert--error").await?.contains("账号或密码错误"));
    ensure!(
        browser.run("return document.title").await?.as_str().is_some_and(|title| title.starts_with("错误："))
    );
    for (css, text) in who.fields() {
        ensure!(browser.value(css).await? == *text);
    }
    ensure!(browser.value("#password").await?.is_empty());
    browser.wait_for_focus("id=\"password\"").await?;
    ensure!(browser.has("#captcha_answer").await?, "a captcha after a failure");
    Ok(())
}

/// The way for those who cannot see the picture.
async fn prove_without_picture(browser: &Browser) -> Result<()> {
    browser.click("[data-captcha-proof]").await?;
    browser.wait_for(".captcha--passed").await?;
    ensure!(browser.text(".captcha__status").await? == "已通过无图验证");
    browser.wait_for_focus("button--primary").await?;
    Ok(())
}

/// J24: the unit, who acts for it, and the entrances.
async fn arrive_in_the_hall(browser: &Browser, who: Who) -> Result<()> {
    wait_for_path(browser, "/hall").await?;
    let identity = browser.text(".identity").await?;
    ensure!(identity.contains(who.acting()), "{identity}");
    if who == Who::Person {
        ensure!(identity.contains("李颖") && identity.contains("194****0003"), "{identity}");
        ensure!(browser.text(".brand").await?.contains("个人网上办事大厅"));
    } else {
        ensure!(identity.contains("长春欣悦信息技术有限公司"), "{identity}");
        ensure!(identity.contains("91220101TEXT00017E"), "{identity}");
        ensure!(browser.text(".brand").await?.contains("吉林智慧人社单位网上办事大厅"));
    }
    let tabs = browser.texts(".tabs a").await?;
    ensure!(tabs == ["我的办件(待评价)", "我的办件(已评价)", "我的证照"], "{tabs:?}");
    let entrances = browser.texts(".tiles a").await?;
    ensure!(entrances == APPLICATIONS, "{entrances:?}");
    Ok(())
}

/// An application is a client of its own, but nobody notices.
async fn open_an_application(browser: &Browser, who: Who) -> Result<()> {
    browser.click_link_text("工伤保险").await?;
    wait_for_path(browser, "/apps/work-injury-insurance").await?;
    ensure!(browser.text("h1").await? == "工伤保险");
    if who == Who::Person {
        ensure!(browser.text(".notice").await?.contains("本应用面向单位开放，您当前以个人账号登录"));
        return Ok(());
    }
    ensure!(browser.text(".notice.good").await? == "您已通过统一身份认证平台登录本应用");
    let facts = browser.text(".facts").await?;
    ensure!(facts.contains("91220101TEXT00017E"), "{facts}");
    // The application did not ask for `profile`, so it learns nobody's name.
    let acting = if who == Who::Operator { "经办人（人力资源部）" } else { who.acting() };
    ensure!(facts.contains(acting) && !facts.contains("刘洋"), "{facts}");
    Ok(())
}

/// 吉事办 is a site of its own: no second password there.
async fn visit_the_second_portal(demo: &Demo, browser: &Browser, who: Who) -> Result<()> {
    browser.goto(&demo.portal("/jishiban")).await?;
    browser.click_link_text("登录").await?;
    wait_for_path(browser, "/jishiban/centre").await?;
    let shown = browser.text(".centre").await?;
    ensure!(shown.contains(who.acting()), "{shown}");
    let centre = if who == Who::Person { "个人中心" } else { "法人中心" };
    ensure!(browser.text(".crumbs [aria-current]").await? == centre);
    // Only what they may do there is named.
    ensure!(browser.text(".centre .notice").await?.contains("企业信息") == (who == Who::LegalEntity));
    Ok(())
}

async fn sign_out_everywhere(demo: &Demo, browser: &Browser, who: Who) -> Result<()> {
    browser.click("form[action='/jishiban/logout'] button").await?;
    wait_for_path(browser, "/jishiban/signed-out").await?;
    ensure!(browser.text("h1").await? == "您已安全退出");
    // The provider tells the others from server to server.
    let began = Instant::now();
    loop {
        browser.goto(&demo.portal("/hall")).await?;
        if browser.current_url().await?.path() == "/hall/sign-in" {
            break;
        }
        if began.elapsed() > PATIENCE {
            bail!("the hall has not heard of it");
        }
    }
    // No portal gets anybody in without the password now.
    browser.goto(&demo.portal("/apps/work-injury-insurance")).await?;
    wait_for_path(browser, "/sign-in/personal").await?;
    browser
        .goto(&demo.portal(if who == Who::Person {
            "/hall/login?as=personal"
        } else {
            "/hall/login?as=unit"
        }))
        .await?;
    browser.wait_for_url(|url| url.path().starts_with("/sign-in/"), PATIENCE).await?;
    ensure!(browser.has("#password").await?);
    Ok(())
}
