//! The real `idp` program, built beside these tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The program, built once: the tests link the library, so cargo has not made it yet.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // …/target/debug/deps/end_to_end-0123456789abcdef
        let tests = std::env::current_exe().unwrap();
        let folder = tests.parent().unwrap().parent().unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        // With the tests' own target, so that every crate has the features that it has already been built with.
        let arguments =
            ["build", "--quiet", "--workspace", "--bin", "idp", "--test", "end_to_end", "--profile", profile];
        let status =
            Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(status.unwrap().success(), "the idp program cannot be built");
        folder.join("idp")
    })
}

/// A folder of its own for a program's data, keys and logs; deleted at the end.
pub struct Home {
    pub folder: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("idp-binary-{:016x}", getrandom::u64().unwrap()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// The command, with data in this folder and any free ports.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IDP_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("IDP_LISTEN", "127.0.0.1:0")
            .env("IDP_OPERATIONS__LISTEN", "127.0.0.1:0")
            .env("IDP_PASSWORD__ARGON2_MEMORY_KIB", "64")
            .env("IDP_PASSWORD__ARGON2_ITERATIONS", "1")
            .env("IDP_SIGN_IN__CAPTCHA", "off")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs what must succeed; gives what it prints.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "idp {arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs what must fail; gives what it says.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "idp {arguments:?} must fail");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Runs a command that reads a password.
    pub fn with_password(&self, arguments: &[&str], password: &str) -> Output {
        let file = self.folder.join("password.txt");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        let output = self.command(arguments).stdin(File::open(&file).unwrap()).output().unwrap();
        std::fs::remove_file(file).unwrap();
        output
    }

    /// Starts to serve; `scheme` is http or https.
    pub fn serve(&self, scheme: &str, settings: &[(&str, &str)]) -> Running {
        let log = self.folder.join("log.txt");
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied()).stderr(File::create(&log).unwrap());
        let child = command.spawn().unwrap();
        let mut running = Running { child, log, base: String::new(), operations: String::new() };
        let started = Instant::now();
        while running.base.is_empty() {
            assert!(started.elapsed() < Duration::from_secs(60), "it does not start: {}", running.log());
            std::thread::sleep(Duration::from_millis(50));
            let log = running.log();
            let between =
                |before: &str, after: &str| Some(log.split_once(before)?.1.split_once(after)?.0.to_owned());
            if let (Some(address), Some(operations)) =
                (between("is served on ", ";"), between("health, metrics and /logout-notices on ", "\n"))
            {
                running.base = format!("{scheme}://{}", address.replace("127.0.0.1", "localhost"));
                running.operations = format!("http://{operations}");
            }
        }
        running
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A program that serves; killed at the end if it was not stopped.
pub struct Running {
    child: Child,
    log: PathBuf,
    pub base: String,
    pub operations: String,
}

impl Running {
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGTERM, as a service manager sends it; gives whether it then ended well.
    pub fn terminate(&mut self) -> bool {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
