//! What is asked of Chromium at the start of a session.

use std::path::Path;

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

/// Gives pages a camera that sees what is in this file (Y4M) over and over, and allows them its use.
pub fn with_camera(film: &Path) -> Vec<String> {
    vec![
        "--use-fake-ui-for-media-stream".to_owned(),
        "--use-fake-device-for-media-stream".to_owned(),
        format!("--use-file-for-fake-video-capture={}", film.display()),
    ]
}

pub fn of(viewport: Viewport, javascript: bool, more_flags: &[String]) -> Capabilities {
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
    let flags: Vec<&str> = FLAGS.iter().copied().chain(more_flags.iter().map(String::as_str)).collect();
    let mut chrome = json!({
        "args": flags,
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
