//! The server process of the benchmark, and what it costs.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The release binary, built anew, or the one that `BENCH_BINARY` names.
#[allow(dead_code, reason = "each benchmark is a program of its own")]
pub fn binary() -> Result<PathBuf> {
    if let Ok(binary) = std::env::var("BENCH_BINARY") {
        return Ok(PathBuf::from(binary));
    }
    let status = Command::new(env!("CARGO")).args(["build", "--release", "-p", "idp"]).status()?;
    ensure!(status.success(), "the release binary does not build");
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(2).context("the target folder")?.join("idp"))
}

/// The release binary, serving.
pub struct Server {
    child: Child,
    pub base: String,
    #[allow(dead_code, reason = "each benchmark is a program of its own")]
    pub secret: String,
    /// From its start to its first answer.
    pub started: Duration,
}

impl Server {
    /// Starts it on a database, with one account and the client `bench` of this metadata.
    #[allow(dead_code, reason = "each benchmark is a program of its own")]
    pub fn start(binary: &Path, folder: &Path, database: &str, client: &Value) -> Result<Self> {
        Self::start_with(binary, folder, database, client, &[])
    }

    /// Registers a second client, by the name `bound`.
    #[allow(dead_code, reason = "each benchmark is a program of its own")]
    pub fn add_bound_client(
        &self,
        binary: &Path,
        folder: &Path,
        database: &str,
        client: &Value,
    ) -> Result<()> {
        let metadata = folder.join("bound.json");
        fs::write(&metadata, client.to_string())?;
        let added = Command::new(binary)
            .args(["client", "add", "--id", "bound", "--file"])
            .arg(&metadata)
            .env("IDP_ISSUER", &self.base)
            .env("IDP_DATABASE__URL", database)
            .env("IDP_KEYS__DIRECTORY", folder.join("keys"))
            .stdout(Stdio::null())
            .status()?;
        ensure!(added.success(), "no second client");
        Ok(())
    }

    /// The same with other settings, as `IDP_…` variables.
    pub fn start_with(
        binary: &Path,
        folder: &Path,
        database: &str,
        client: &Value,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let tls = settings.iter().any(|(name, _)| name.starts_with("IDP_TLS__"));
        let base = format!("{}://localhost:{port}", if tls { "https" } else { "http" });
        let command = |arguments: &[&str]| {
            let mut command = command(binary, folder, database, &base, port, settings);
            command.args(arguments);
            command
        };
        let metadata = folder.join("client.json");
        fs::write(&metadata, client.to_string())?;
        let mut password = command(&["account", "add", "legal-entity", "--login-name", "xinyue0221"])
            .args(["--credit-code", "91220101TEXT00017E", "--name", "欣悦信息技术有限公司"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        password.stdin.take().context("stdin")?.write_all(b"Jlrs2026")?;
        ensure!(password.wait()?.success(), "no account");
        let added = command(&["client", "add", "--id", "bench", "--file"]).arg(&metadata).output()?;
        let printed = String::from_utf8(added.stdout)?;
        let secret = printed.split("client_secret: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let secret = secret.context("no secret")?.to_owned();
        let began = Instant::now();
        let child = command(&["serve"]).stderr(Stdio::null()).spawn()?;
        Self { child, base, secret, started: Duration::ZERO }.answering(port, began)
    }

    /// Another instance of the same provider, on the same database.
    #[allow(dead_code, reason = "each benchmark is a program of its own")]
    pub fn beside(
        &self,
        binary: &Path,
        folder: &Path,
        database: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let port = free_port()?;
        let began = Instant::now();
        let child = command(binary, folder, database, &self.base, port, settings)
            .arg("serve")
            .stderr(Stdio::null())
            .spawn()?;
        let base = format!("http://localhost:{port}");
        Self { child, base, secret: self.secret.clone(), started: Duration::ZERO }.answering(port, began)
    }

    /// Once it answers.
    fn answering(mut self, port: u16, began: Instant) -> Result<Self> {
        let answers = if self.base.starts_with("https:") { listens } else { answers };
        while !answers(port) {
            ensure!(self.child.try_wait()?.is_none(), "the server stopped");
            ensure!(began.elapsed() < Duration::from_secs(10), "the server does not answer");
            std::thread::sleep(Duration::from_millis(1));
        }
        self.started = began.elapsed();
        std::thread::sleep(Duration::from_millis(500));
        Ok(self)
    }

    /// User and system time so far.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit(')').next().context("stat")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // Linux counts these in hundredths of a second (USER_HZ) on every architecture that we run on.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory in MB.
    #[allow(dead_code, reason = "each benchmark is a program of its own")]
    pub fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).context("VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("VmRSS")?.parse::<f64>()? / 1024.0)
    }
}

/// The binary with what all its commands need to know.
fn command(
    binary: &Path,
    folder: &Path,
    database: &str,
    issuer: &str,
    port: u16,
    settings: &[(&str, &str)],
) -> Command {
    let mut command = Command::new(binary);
    command
        .env("IDP_ISSUER", issuer)
        .env("IDP_LISTEN", format!("127.0.0.1:{port}"))
        .env("IDP_OPERATIONS__LISTEN", "127.0.0.1:0")
        .env("IDP_OPERATIONS__LOG_LEVEL", "warn")
        .env("IDP_DATABASE__URL", database)
        .env("IDP_DATABASE__SYNCHRONOUS", "normal")
        .env("IDP_SIGN_IN__CAPTCHA", "off")
        .env("IDP_SESSION__IDLE_MINUTES", "600")
        .env("IDP_KEYS__DIRECTORY", folder.join("keys"))
        .envs(settings.iter().copied());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether discovery is answered: by hand, since a client library would take longer to start than the server.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        let request =
            "GET /.well-known/openid-configuration HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        std::io::read_to_string(stream)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
