//! The long forms' scripts: what follows from what was typed, how forms are sent, and what a switch must not lose.

use anyhow::{Result, ensure};

use super::*;

async fn open(page: &str) -> Result<(Demo, Browser)> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    browser.goto(&demo.provider(page)).await?;
    Ok((demo, browser))
}

/// Types a date as a hand on the keyboard does: each part where the browser's language has it.
async fn type_date(browser: &Browser, css: &str, year: &str, month: &str, day: &str) -> Result<()> {
    let order = "return new Intl.DateTimeFormat(navigator.language).formatToParts(new Date())
        .map((part) => part.type).filter((type) => type !== 'literal')";
    let order = browser.run(order).await?;
    for (at, part) in order.as_array().into_iter().flatten().enumerate() {
        // From the first part, however far the last one's digits have led on.
        browser
            .run(&format!("document.activeElement.blur(); document.querySelector('{css}').focus()"))
            .await?;
        for _ in 0..at {
            browser.press(fantoccini::key::Key::Right).await?;
        }
        let digits = match part.as_str() {
            Some("year") => year,
            Some("month") => month,
            _ => day,
        };
        browser.type_keys(digits).await?;
    }
    browser.run("document.activeElement.blur()").await?;
    let typed = browser.value(css).await?;
    ensure!(typed == format!("{year}-{month}-{day}"), "{css} is {typed}, in the order {order}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_fills_in_the_end_by_keyboard_too() -> Result<()> {
    let (_demo, browser) = open("/registration/personal").await?;
    browser.click("[name=term][value='10']").await?;
    type_date(&browser, "#valid_from", "2020", "02", "29").await?;
    ensure!(browser.value("#valid_to").await? == "2030-02-28", "2030 has no 29 February");
    browser.click("[name=term][value='20']").await?;
    ensure!(browser.value("#valid_to").await? == "2040-02-29");
    // What the visitor types is theirs, also where it is refused: the page that comes back changes nothing.
    type_date(&browser, "#valid_to", "2041", "02", "28").await?;
    browser.fill("#document_number", "220102199001010009").await?;
    browser.follow("form.rows .rows__end .button--primary").await?;
    ensure!(browser.has("#valid_to-error").await? && browser.value("#valid_to").await? == "2041-02-28");
    browser.click("[name=term][value=long_term]").await?;
    ensure!(browser.value("#valid_to").await?.is_empty());
    ensure!(browser.run("return document.querySelector('#valid_to').disabled").await? == true);
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_document_has_no_term_and_must_have_an_end() -> Result<()> {
    let (_demo, browser) = open("/registration/personal").await?;
    let shown = "return document.querySelector('[data-choice=term]').offsetParent !== null";
    ensure!(browser.run(shown).await? == true && browser.has("#valid_to[required]").await?);
    browser.click("[name=term][value=long_term]").await?;
    ensure!(browser.has(".field--optional #valid_to:not([required])").await?);
    browser.select("#document_type", "414").await?;
    ensure!(browser.run(shown).await? == false);
    ensure!(browser.text("[data-label-of=valid_to]").await?.ends_with("证件有效结束日期"));
    ensure!(browser.text("#valid_to-hint").await? == "请填写证件上的截止日期");
    ensure!(browser.has("#valid_to[required]").await? && !browser.has(".field--optional #valid_to").await?);
    browser.select("#document_type", "111").await?;
    ensure!(browser.run(shown).await? == true && browser.has(".field--optional #valid_to").await?);
    ensure!(browser.text("#valid_to-hint").await?.contains("长期有效无需填写"));
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_type_of_unit_follows_from_the_code_until_it_is_chosen() -> Result<()> {
    let (_demo, browser) = open("/registration/legal-entity").await?;
    for (code, entity_type) in [
        ("92220102TEXT00033F", "individual_business"),
        ("n222 0122 text 0011 3l", "rural_collective"),
        ("Ｙ1220000XXXX001238", "other_organization"),
        ("9222", "other_organization"),
        ("92220102TEXT00033F", "individual_business"),
    ] {
        browser.fill("#credit_code", code).await?;
        browser.press_tab().await?;
        ensure!(browser.value("#entity_type").await? == entity_type, "{code}");
    }
    ensure!(browser.text("[data-label-of=representative_name]").await?.ends_with("经营者姓名"));
    ensure!(browser.has("#representative_name[placeholder='请输入经营者姓名']").await?);
    ensure!(browser.has("#document_number[placeholder='请输入经营者证件号码']").await?);
    ensure!(browser.has("#unit_name[placeholder='请输入单位名称']").await?);
    browser.select("#entity_type", "enterprise").await?;
    browser.fill("#credit_code", "93222401TEXT000411").await?;
    browser.press_tab().await?;
    ensure!(browser.value("#entity_type").await? == "enterprise", "chosen by hand");
    browser.follow("form.rows .rows__end .button--primary").await?;
    browser.fill("#credit_code", "92220102TEXT00033F").await?;
    browser.press_tab().await?;
    ensure!(browser.value("#entity_type").await? == "enterprise", "and sent");
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_when_a_field_is_left() -> Result<()> {
    let (_demo, browser) = open("/registration/legal-entity").await?;
    let told = |field: &str| format!("return document.querySelector('#{field}-error')?.textContent ?? ''");
    browser.fill("#credit_code", "92220102TEXT00033E").await?;
    browser.press_tab().await?;
    browser.wait_until(&told("credit_code"), |told| told == "错误：统一社会信用代码格式不正确").await?;
    ensure!(browser.has("#credit_code[aria-invalid][aria-describedby='credit_code-error']").await?);
    ensure!(browser.texts(".field__error").await?.len() == 1, "only of what has been filled in");
    let found = browser.axe().await?;
    ensure!(found.is_empty(), "{found:#?}");
    browser.fill("#credit_code", "92220102TEXT00033F").await?;
    browser.press_tab().await?;
    browser.wait_until(&told("credit_code"), |told| told == "").await?;
    ensure!(!browser.has(".field--wrong").await? && !browser.has("[aria-invalid]").await?);
    browser.select("#entity_type", "other_organization").await?;
    browser
        .wait_until(&told("entity_type"), |told| told == "提示：法人类型与统一社会信用代码不符，请核对")
        .await?;
    browser.select("#entity_type", "individual_business").await?;
    browser.wait_until(&told("entity_type"), |told| told == "").await?;
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_above_the_form_follows_its_fields() -> Result<()> {
    let (_demo, browser) = open("/registration/personal").await?;
    browser.follow("form.rows .rows__end .button--primary").await?;
    let above = "return document.querySelector('#error-summary a[href=\"#person_name\"]')?.textContent ?? ''";
    ensure!(browser.run(above).await? == "请输入姓名");
    for (typed, told) in [("王1", "姓名格式不正确"), ("陈静", "")] {
        browser.fill("#person_name", typed).await?;
        browser.press_tab().await?;
        browser.wait_until(above, |above| above == told).await?;
    }
    // The term follows from the number: nobody has to choose it any more.
    browser.fill("#document_number", "220102198506150002").await?;
    browser.press_tab().await?;
    browser.wait_until("return document.querySelector('#term-error') === null", |gone| gone == true).await?;
    ensure!(browser.has("#error-summary a[href='#phone']").await?);
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_end_is_asked_for_only_where_there_is_one() -> Result<()> {
    let demo = Demo::on_sqlite().await?;
    let browser = Browser::open(Viewport::Desktop).await?;
    sign_in_directly(&demo, &browser, Who::LegalEntity).await?;
    browser.goto(&demo.provider("/account/operators/add")).await?;
    browser.follow("[data-sms-send]").await?;
    browser.fill("#phone_code", &demo.provider.code_sent_to("15400007850").await).await?;
    browser.follow("form.rows .rows__end .buttons .button--primary").await?;
    let disabled = "return document.querySelector('#valid_to').disabled";
    let told = |field: &str| format!("return document.querySelector('#{field}-error')?.textContent ?? ''");
    ensure!(browser.run(disabled).await? == true, "长期 is chosen");
    browser.click("[name=validity][value=until]").await?;
    ensure!(browser.run(disabled).await? == false && browser.has("#valid_to[required]").await?);
    type_date(&browser, "#valid_to", "2020", "02", "29").await?;
    browser.wait_until(&told("valid_to"), |told| told == "错误：有效时间不能早于今天").await?;
    browser.fill("#name", "王1").await?;
    browser.press_tab().await?;
    browser.wait_until(&told("name"), |told| told == "错误：姓名格式不正确").await?;
    let found = browser.axe().await?;
    ensure!(found.is_empty(), "{found:#?}");
    browser.click("[name=validity][value=long_term]").await?;
    ensure!(browser.run(disabled).await? == true);
    browser.wait_until(&told("valid_to"), |told| told == "").await?;
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_sent_once() -> Result<()> {
    let (_demo, browser) = open("/registration/personal").await?;
    // Counts what is sent, and keeps the page.
    let presses = "const sent = [];
        addEventListener('submit', (event) => {
            if (!event.defaultPrevented) sent.push(event.target.action);
            event.preventDefault();
        });
        const form = document.querySelector('form.rows');
        form.requestSubmit();
        form.requestSubmit();
        return sent.length";
    ensure!(browser.run(presses).await? == 1, "two presses are one form");
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_leads_to_a_form_that_can_be_sent_again() -> Result<()> {
    let (demo, browser) = open("/recovery").await?;
    browser.follow("form.rows .button--primary").await?;
    ensure!(browser.has("#error-summary").await?);
    browser.client.back().await?;
    browser.wait_for("form.rows:not(#error-summary ~ form)").await?;
    browser.follow("form.rows .button--primary").await?;
    ensure!(browser.has("#error-summary").await?);
    // A file is no answer that takes the page's place: it can be had twice.
    sign_in_directly(&demo, &browser, Who::Person).await?;
    browser.goto(&demo.provider("/account/data")).await?;
    let sent = "let sent = 0;
        addEventListener('submit', (event) => { if (!event.defaultPrevented) sent += 1; event.preventDefault(); });
        const form = document.querySelector('form[data-again]');
        form.requestSubmit();
        form.requestSubmit();
        return sent";
    ensure!(browser.run(sent).await? == 2);
    all_is_well(&browser).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_display_switch_loses_nothing_that_is_typed() -> Result<()> {
    let (demo, browser) = open("/registration/personal").await?;
    browser.fill("#person_name", "陈静").await?;
    browser.fill("#new_password", "Nanhu-2027").await?;
    browser.run("document.documentElement.dataset.same = ''").await?;
    browser.click_link_text("大字版").await?;
    browser.wait_for("html.large-type[data-same]").await?;
    browser.click_link_text("高对比度").await?;
    browser.wait_for("html.large-type.high-contrast[data-same]").await?;
    ensure!(browser.texts("[data-display]").await? == ["标准配色", "标准字号"]);
    ensure!(browser.value("#person_name").await? == "陈静");
    ensure!(browser.value("#new_password").await? == "Nanhu-2027");
    browser.goto(&demo.provider("/accessibility")).await?;
    browser.wait_for("html.large-type.high-contrast").await?;
    browser.click_link_text("恢复标准字号").await?;
    browser.wait_for("html.high-contrast:not(.large-type)").await?;
    ensure!(browser.texts("[data-display=large-type]").await? == ["大字版", "切换到大字版"]);
    // A double click is one wish, and what the page shows is what the next one will show.
    browser
        .run("for (const time of [1, 2]) document.querySelector('[data-display=large-type]').click()")
        .await?;
    browser.wait_for("html.large-type").await?;
    browser.goto(&demo.provider("/help")).await?;
    browser.wait_for("html.large-type.high-contrast").await?;
    all_is_well(&browser).await
}
