//! What is asked of Chromium at the start of a session.

use fantoccini::wd::Capabilities;
use serde_json::json;

use super::Viewport;

/// Chromium must look nothing up on its own; names other than loopback's are not resolved at all.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion", // smooth scrolling would move what is to be clicked
    "--lang=zh-CN",
    "--accept-lang=zh-CN,zh",
    "--remote-debugging-pipe", // so that Chromium ends with chromedriver, however that ends
];

pub fn of(viewport: Viewport, javascript: bool) -> Capabilities {
    let device = match viewport {
        Viewport::Desktop => {
            json!({ "width": 1366, "height": 768, "pixelRatio": 1, "mobile": false, "touch": false })
        }
        Viewport::Phone => {
            json!({ "width": 390, "height": 844, "pixelRatio": 2, "mobile": true, "touch": true })
        }
        Viewport::Zoomed => {
            json!({ "width": 683, "height": 384, "pixelRatio": 2, "mobile": false, "touch": false })
        }
    };
    let mut chrome = json!({
        "args": FLAGS,
        "mobileEmulation": { "deviceMetrics": device },
        "prefs": {
            "intl.accept_languages": "zh-CN,zh",
            "credentials_enable_service": false,
            "profile.password_manager_leak_detection": false,
            "profile.managed_default_content_settings.javascript": if javascript { 1 } else { 2 },
        },
    });
    if let Ok(binary) = std::env::var("CHROMIUM") {
        chrome["binary"] = json!(binary);
    }
    let mut capabilities = Capabilities::new();
    capabilities.insert("acceptInsecureCerts".into(), json!(true));
    capabilities.insert("goog:chromeOptions".into(), chrome);
    capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "WARNING" }));
    capabilities
}
