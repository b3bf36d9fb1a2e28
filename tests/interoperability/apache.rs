//! mod_auth_openidc: a page behind Apache that only visitors of the provider see.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::json;

use super::tools;
use crate::support::{Agent, Portal, TestApp, free_port};

const MODULES: &str = "/usr/lib/apache2/modules";

/// A running Apache; dropped, it is gone.
struct Apache {
    base: String,
    process: Child,
}

impl Drop for Apache {
    fn drop(&mut self) {
        // Not SIGKILL, which its children would survive.
        drop(Command::new("kill").arg(self.process.id().to_string()).status());
        drop(self.process.wait());
    }
}

/// Starts Apache on a port of its own, with `/secret/` behind the provider.
async fn start(app: &TestApp, port: u16, client_id: &str, secret: &str) -> Apache {
    let folder = app.folder.join("apache");
    std::fs::create_dir_all(folder.join("pages/secret")).unwrap();
    std::fs::write(folder.join("pages/secret/index.html"), "the secret page").unwrap();
    let load: String =
        ["mpm_event", "authz_core", "authn_core", "authz_user", "dir", "headers", "unixd", "auth_openidc"]
            .into_iter()
            .filter(|name| Path::new(&format!("{MODULES}/mod_{name}.so")).exists())
            .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
            .collect();
    let folder = folder.display();
    let configuration = format!(
        "ServerRoot {folder}\nPidFile {folder}/pid\nListen 127.0.0.1:{port}\nServerName localhost\n{load}\
         ErrorLog {folder}/error.log\nDocumentRoot {folder}/pages\nDirectoryIndex index.html\n\
         OIDCProviderMetadataURL {}/.well-known/openid-configuration\n\
         OIDCClientID {client_id}\nOIDCClientSecret {secret}\nOIDCCryptoPassphrase a-passphrase-of-this-test\n\
         OIDCRedirectURI http://localhost:{port}/secret/callback\nOIDCScope \"openid profile\"\n\
         OIDCPKCEMethod S256\nOIDCIDTokenSignedResponseAlg ES256\n\
         <Location /secret/>\nAuthType openid-connect\nRequire valid-user\n\
         Header set X-Sub \"expr=%{{env:OIDC_CLAIM_sub}}\"\nHeader set X-Name \"expr=%{{env:OIDC_CLAIM_preferred_username}}\"\n\
         </Location>\n",
        app.base,
    );
    let file = app.folder.join("apache/httpd.conf");
    std::fs::write(&file, configuration).unwrap();
    let process = Command::new("apache2").arg("-DFOREGROUND").arg("-f").arg(&file).spawn().unwrap();
    let mut apache = Apache { base: format!("http://localhost:{port}"), process };
    for _ in 0..600 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return apache;
        }
        assert!(apache.process.try_wait().unwrap().is_none(), "{}", complaints(app));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Apache does not answer: {}", complaints(app));
}

fn complaints(app: &TestApp) -> String {
    std::fs::read_to_string(app.folder.join("apache/error.log")).unwrap_or_default()
}

on_both! {
    async fn mod_auth_openidc(app: TestApp) {
        if tools().is_none() {
            return;
        }
        if !Path::new(MODULES).join("mod_auth_openidc.so").exists() {
            eprintln!("SKIPPED: no mod_auth_openidc. tests/run.sh installs it (as root, on Debian).");
            return;
        }
        let port = free_port();
        let changes = json!({
            "redirect_uris": [format!("http://localhost:{port}/secret/callback")],
            "backchannel_logout_uri": format!("http://localhost:{port}/secret/callback?logout=backchannel"),
        });
        let portal = Portal::register_with(&app, "apache", changes).await;
        let apache = start(&app, port, &portal.id, portal.secret.as_deref().unwrap()).await;
        let mut visitor = Agent::new(&apache.base);
        let mut browser = Agent::new(&app.base);
        let fields = [("account", "liying2026"), ("password", "Jlrs2026")];
        assert_eq!(browser.sign_in("/sign-in/personal", &fields).await.status, 303);
        // Apache sends the visitor to the provider, who sends them back with a code, which Apache redeems.
        let sent = visitor.get("/secret/").await;
        let location = sent.location().unwrap_or_else(|| panic!("{} {}", sent.body, complaints(&app)));
        assert!(location.starts_with(&format!("{}/authorize?", app.base)), "{location}");
        let back = browser.get(&location).await.location().unwrap();
        assert!(back.starts_with(&apache.base), "{back}");
        let reply = visitor.get(&back).await;
        let page = visitor.follow(reply).await;
        assert_eq!((page.status.as_u16(), page.body.trim()), (200, "the secret page"), "{}", complaints(&app));
        assert_eq!(page.header("x-name"), "liying2026");
        assert!(page.header("x-sub").len() > 20, "{}", page.header("x-sub"));
        // The session ends at the provider, which tells Apache.
        browser.post("/sign-out/confirm", &[("decision", "sign_out")]).await;
        let mut ended = false;
        for _ in 0..60 {
            ended = visitor.get("/secret/").await.status != 200;
            if ended {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(ended, "back-channel logout ends Apache's session: {}", complaints(&app));
    }
}
