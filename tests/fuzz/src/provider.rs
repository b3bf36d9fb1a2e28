//! A provider in this process, with a database and keys in a folder of its own.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::sync::OnceLock;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request};
use idp::app::App;
use idp::config::{CaptchaMode, Config, OpensWith, RegistrationMode, SmsTransport, Synchronous};
use idp::domain::client::{Client, ClientMetadata};
use idp::oidc::envelope::Envelope;
use idp::platform::clock::Clock;
use idp::{demo, oidc};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::jwt::Key;

pub struct Provider {
    pub app: App,
    /// Where keys and database are.
    pub folder: PathBuf,
    /// Of the client `key`, which is registered for everything that clients sign.
    pub key: Key,
    /// Of the client `hall`.
    pub hall_secret: String,
    /// Of the client `mac`, which signs with it.
    pub mac_secret: String,
    runtime: Runtime,
}

/// The settings of the fuzzed provider, beside the defaults.
const SETTINGS: &str = r#"
trusted_proxies = 1
[client_certificates]
header = "client-cert"
proxies = ["127.0.0.1"]
[[protocol.resources]]
uri = "https://api.example/"
title = "接口"
[[protocol.authorization_details_types]]
type = "tax"
title = "办税"
members = [{ name = "actions", title = "事项", required = true }, { name = "amount", title = "金额" }]
"#;

impl Provider {
    /// One for the whole process: starting it costs half a second.
    pub fn get() -> &'static Self {
        static PROVIDER: OnceLock<Provider> = OnceLock::new();
        PROVIDER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = folder();
        let mut config: Config = toml::from_str(SETTINGS).unwrap();
        config.database.url = format!("sqlite://{}/idp.db", folder.display());
        config.database.synchronous = Synchronous::Normal;
        config.keys.directory = folder.join("keys");
        config.sign_in.captcha = CaptchaMode::Adaptive;
        config.sign_in.opens_with = OpensWith::Password;
        config.sms.transport = SmsTransport::Memory;
        config.sms.captcha = false;
        config.registration.mode = RegistrationMode::Open;
        config.registration.address_hour = u32::MAX;
        config.password.argon2_memory_kib = 64;
        config.password.argon2_iterations = 1;
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let key = Key::new("key-1");
        let (app, hall_secret, mac_secret) = runtime.block_on(async {
            let app = App::open(config, Clock::default(), oidc::discovery::document).await.unwrap();
            demo::seed(&app).await.unwrap();
            let register = async |id: &str, changes: Value| {
                oidc::registration::register(&app, id, &metadata(&changes)).await.unwrap()
            };
            let hall = register("hall", json!({})).await.unwrap();
            let mac = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
            let mac = register("mac", mac).await.unwrap();
            let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
            register("key", by_key).await;
            (app, hall, mac)
        });
        Self { app, folder, key, hall_secret, mac_secret, runtime }
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A registered client.
    pub fn client(&self, id: &str) -> std::sync::Arc<Client> {
        self.wait(self.app.clients.find(&self.app.store, id)).unwrap().unwrap()
    }

    /// A request with these headers, from a trusted proxy.
    pub fn envelope(&self, method: Method, path: &str, headers: HeaderMap) -> Envelope {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        *request.headers_mut() = headers;
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        request.extensions_mut().insert(ConnectInfo(peer));
        Envelope::of(&self.app, &request)
    }
}

/// A portal that may do everything, with some of its metadata replaced.
pub fn metadata(changes: &Value) -> ClientMetadata {
    let mut metadata = json!({
        "client_name": "测试门户",
        "redirect_uris": ["https://hall.example/callback", "http://127.0.0.1/callback"],
        "post_logout_redirect_uris": ["https://hall.example/"],
        "sector_identifier_uri": null,
        "sector": "hall.example",
        "application_type": "native",
        "response_types": ["code", "code id_token", "id_token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "scope": "openid profile phone legal_entity operator offline_access",
        "authorization_details_types": ["tax"],
        "first_party": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    serde_json::from_value(metadata).unwrap()
}

/// An empty folder. libFuzzer ends processes without ceremony, so it is run.sh that deletes what they leave.
pub fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("idp-fuzz-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}
