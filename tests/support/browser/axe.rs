//! Accessibility: axe-core, as `tests/run.sh` fetched it from npm and named it in `AXE_PATH`.

use anyhow::{Context, Result, bail};
use fantoccini::Client;
use serde_json::Value;

/// So many elements of each finding are named.
const NAMED: usize = 5;
/// With WCAG 2.2's target size, which axe-core leaves off unless asked.
const RUN: &str = "; return window.axe.run(document, {
    resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });";

/// Empty, said loudly, where there is no axe-core; an error there if `TEST_REQUIRE_AXE` is set.
pub async fn violations(client: &Client) -> Result<Vec<String>> {
    let Some(path) = set("AXE_PATH") else {
        if set("TEST_REQUIRE_AXE").is_some() {
            bail!("axe-core is required here: set AXE_PATH to axe.min.js, or use tests/run.sh");
        }
        eprintln!("SKIPPED: no AXE_PATH, so accessibility is not tested. tests/run.sh fetches axe-core.");
        return Ok(Vec::new());
    };
    let library = std::fs::read_to_string(&path).with_context(|| format!("AXE_PATH={path}"))?;
    let report = client.execute(&(library + RUN), Vec::new()).await.context("axe-core did not run")?;
    let checked = list(&report, "passes").len();
    let violations = report["violations"].as_array().context("axe-core gave no report")?;
    if checked == 0 {
        bail!("axe-core found nothing to check: {report}");
    }
    Ok(violations.iter().map(readable).collect())
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// `serious color-contrast: Elements must … (https://…)`, then each element and what is wrong with it.
fn readable(violation: &Value) -> String {
    let word = |key: &str| violation[key].as_str().unwrap_or_default();
    let mut text = format!("{} {}: {} ({})", word("impact"), word("id"), word("help"), word("helpUrl"));
    let nodes = list(violation, "nodes");
    for node in nodes.iter().take(NAMED) {
        let html = node["html"].as_str().unwrap_or_default();
        let summary = node["failureSummary"].as_str().unwrap_or_default().replace('\n', "\n    ");
        text += &format!("\n  {html}\n    {summary}");
    }
    if nodes.len() > NAMED {
        text += &format!("\n  … {} elements in all", nodes.len());
    }
    text
}
