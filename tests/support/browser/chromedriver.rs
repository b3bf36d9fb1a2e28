//! The one chromedriver of this test process, on a port of its own choice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

/// Runs chromedriver until standard input closes: that is when the test process ends, even if killed.
const DRIVER_SCRIPT: &str = r#"
profiles=$(mktemp -d) || exit 1
TMPDIR=$profiles LANGUAGE=zh_CN "$0" --port=0 2>&1 & driver=$!
exec >&-
read -r _
kill "$driver"; wait "$driver"; rm -rf "$profiles" || { sleep 1; rm -rf "$profiles"; }
"#;

/// Started by the first test that opens a browser.
static DRIVER: LazyLock<Result<Driver, String>> =
    LazyLock::new(|| Driver::start().map_err(|error| format!("{error:#}")));

/// Ends with this process: its standard input is a pipe from here.
struct Driver {
    port: u16,
    _alive_while_open: ChildStdin,
}

impl Driver {
    fn start() -> Result<Self> {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let mut child = Command::new("sh")
            .args(["-c", DRIVER_SCRIPT, &program])
            .process_group(0) // Ctrl-C is for the tests; the script tidies up after them
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let alive_while_open = child.stdin.take().context("no stdin")?;
        let mut output = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut said = String::new();
        while output.read_line(&mut said)? > 0 {
            let port = said.rsplit_once("started successfully on port ").map(|(_, port)| port.trim_end());
            if let Some(port) = port.and_then(|port| port.trim_end_matches('.').parse().ok()) {
                std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
                return Ok(Driver { port, _alive_while_open: alive_while_open });
            }
        }
        bail!("{program} did not start (Debian: chromium-driver; tests/run.sh installs it): {said}")
    }
}

/// The port it listens on; it is started if it does not run yet.
pub fn port() -> Result<u16> {
    DRIVER.as_ref().map(|driver| driver.port).map_err(|error| anyhow!("{error}"))
}

/// Closes a session and its Chromium, without needing an async runtime.
pub fn end_session(port: u16, session: &str) -> Result<()> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(connection, "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
    // It answers once Chromium has ended.
    let answered = connection.read(&mut [0; 1024]).context("no answer from chromedriver")?;
    ensure!(answered > 0, "chromedriver closed the connection");
    Ok(())
}
