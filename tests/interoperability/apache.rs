//! Apache with mod_auth_openidc: a page that only visitors of the provider see, and an interface for those who show a
//! token of theirs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use url::form_urlencoded::Serializer;

use super::libraries::{INTERFACE, signed_in};
use super::{allow, tools};
use crate::support::{Agent, Portal, Reply, TestApp};

const MODULES: &str = "/usr/lib/apache2/modules";
/// What is not there is built in.
const NEEDED: &str = "mpm_event authz_core authn_core authz_user dir headers unixd auth_openidc";

/// Says aloud where it is not.
pub fn is_there() -> bool {
    let found = tools().is_some() && Path::new(MODULES).join("mod_auth_openidc.so").exists();
    if !found {
        eprintln!("SKIPPED: no mod_auth_openidc. tests/run.sh installs it (as root, on Debian).");
    }
    found
}

/// A running Apache, behind a proxy that ends TLS. Dropped, it is gone.
pub struct Apache<'a> {
    app: &'a TestApp,
    /// What visitors call it: `https://name.example`
    pub site: String,
    folder: PathBuf,
    process: Child,
    /// A visitor's browser at Apache. One for both would send each the other's cookies: ports do not part them.
    pub here: Agent,
    /// The same visitor's at the provider.
    pub there: Agent,
}

impl Drop for Apache<'_> {
    fn drop(&mut self) {
        // Not SIGKILL, which its children would survive.
        drop(Command::new("kill").arg(self.process.id().to_string()).status());
        drop(self.process.wait());
    }
}

impl<'a> Apache<'a> {
    /// Starts it with these directives; `/secret/` is behind the provider, and `/interface/` asks it about tokens.
    pub async fn start(app: &'a TestApp, name: &str, port: u16, directives: &str) -> Self {
        let (site, folder) = (format!("https://{name}.example"), app.folder.join(format!("apache-{name}")));
        for (place, page) in [("secret", "the secret page"), ("interface", "an answer")] {
            std::fs::create_dir_all(folder.join("pages").join(place)).unwrap();
            std::fs::write(folder.join("pages").join(place).join("index.html"), page).unwrap();
        }
        let load: String = NEEDED
            .split(' ')
            .filter(|name| Path::new(&format!("{MODULES}/mod_{name}.so")).exists())
            .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
            .collect();
        let root = folder.display();
        let configuration = format!(
            "ServerRoot {root}\nPidFile {root}/pid\nListen 127.0.0.1:{port}\nServerName localhost\n{load}\
             ErrorLog {root}/error.log\nDocumentRoot {root}/pages\nDirectoryIndex index.html\n\
             RequestHeader set X-Forwarded-Proto https early\nRequestHeader set X-Forwarded-Host {name}.example early\n\
             OIDCXForwardedHeaders X-Forwarded-Proto X-Forwarded-Host\n\
             OIDCRedirectURI {site}/callback\nOIDCCryptoPassphrase a-passphrase-of-this-test\n\
             OIDCHTTPTimeoutShort 60\nOIDCPKCEMethod S256\nOIDCIDTokenSignedResponseAlg ES256\n{directives}\n\
             Header set X-Sub \"expr=%{{env:OIDC_CLAIM_sub}}\"\n\
             Header set X-Name \"expr=%{{env:OIDC_CLAIM_preferred_username}}\"\n\
             Header set X-Token \"expr=%{{env:OIDC_access_token}}\"\n\
             <LocationMatch ^/(secret/|callback)>\nAuthType openid-connect\nRequire valid-user\n</LocationMatch>\n\
             <Location /interface/>\nAuthType oauth20\nRequire claim aud:{INTERFACE}\nOIDCOAuthTokenIntrospectionInterval -1\n</Location>\n"
        );
        let file = folder.join("httpd.conf");
        std::fs::write(&file, configuration).unwrap();
        let process = Command::new("apache2").arg("-DFOREGROUND").arg("-f").arg(&file).spawn().unwrap();
        let here = Agent::new(&format!("http://localhost:{port}"));
        let mut apache = Self { app, site, folder, process, here, there: signed_in(app).await };
        for _ in 0..600 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return apache;
            }
            assert!(apache.process.try_wait().unwrap().is_none(), "{}", apache.complaints());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Apache does not answer: {}", apache.complaints());
    }

    /// For a portal that an administrator registered.
    pub async fn of(app: &'a TestApp, portal: &Portal, port: u16, more: &str) -> Self {
        let secret =
            portal.secret.iter().map(|secret| format!("OIDCClientSecret {secret}\n")).collect::<String>();
        let directives = format!(
            "OIDCProviderMetadataURL {}/.well-known/openid-configuration\nOIDCClientID {}\n{secret}\
             OIDCScope \"openid profile offline_access\"\n{more}",
            app.base, portal.id,
        );
        Self::start(app, &portal.id, port, &directives).await
    }

    pub fn complaints(&self) -> String {
        std::fs::read_to_string(self.folder.join("error.log")).unwrap_or_default()
    }

    /// The visitor at Apache; gives the first answer that stays there, or leads elsewhere.
    pub async fn visit(&mut self, path: &str) -> Reply {
        let reply = self.here.get(path).await;
        self.follow(reply).await
    }

    async fn follow(&mut self, mut reply: Reply) -> Reply {
        while let Some(path) = reply.location().and_then(|to| Some(to.strip_prefix(&self.site)?.to_owned())) {
            reply = self.here.get(&path).await;
        }
        reply
    }

    /// At the callback, with what this module knows to do there.
    pub async fn callback(&mut self, parameters: &[(&str, &str)]) -> Reply {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.visit(&format!("/callback?{query}")).await
    }

    /// Apache has sent the visitor to the provider, who sends them back: with a code, which Apache redeems.
    pub async fn enters(&mut self, sent: &Reply) -> Reply {
        let location = sent.location().unwrap_or_else(|| panic!("{} {}", sent.body, self.complaints()));
        assert!(location.starts_with(&format!("{}/authorize?", self.app.base)), "{location}");
        let reply = self.there.get(&location).await;
        let mut reply = self.there.follow(reply).await;
        if reply.has("[name=decision]") {
            reply = allow(&mut self.there, &reply).await;
        }
        let back = reply.location().or_else(|| reply.attribute("form[data-submit-now]", "action"));
        let back = back.unwrap_or_else(|| panic!("{}", reply.text()));
        let path = back.strip_prefix(&self.site).expect("back at the portal").to_owned();
        let reply = if reply.location().is_some() {
            self.here.get(&path).await
        } else {
            let value = |name| Some((name, reply.attribute(&format!("input[name={name}]"), "value")?));
            let fields: Vec<_> = ["code", "id_token", "state"].into_iter().filter_map(value).collect();
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
            self.here.post(&path, &fields).await
        };
        let page = self.follow(reply).await;
        assert_eq!(
            (page.status.as_u16(), page.body.trim()),
            (200, "the secret page"),
            "{}",
            self.complaints()
        );
        assert_eq!(page.header("x-name"), "liying2026");
        assert!(page.header("x-sub").len() > 20, "{}", page.header("x-sub"));
        page
    }

    /// What the interface says to somebody with this token.
    pub async fn interface(&self, token: &str) -> Reply {
        let request = self.here.request(reqwest::Method::GET, "/interface/").bearer_auth(token);
        self.here.stranger().send(request).await
    }

    pub async fn is_out(&mut self) -> bool {
        self.visit("/secret/").await.status != 200
    }
}
