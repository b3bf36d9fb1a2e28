//! Certificates of clients, made by the openssl program: one authority, and whom it has signed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A certificate with its key, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub pem: String,
    pub key: String,
}

/// Made once for all tests; the folder stays until the machine is cleaned.
pub struct Certificates {
    pub authority: PathBuf,
    /// `CN=hall,O=example` and `DNS:hall.example`, signed by the authority for clients.
    pub hall: Certificate,
    /// The same names, signed by nobody but itself.
    pub imposter: Certificate,
    /// Signed by the authority, for other names.
    pub other: Certificate,
    /// `CN=hall,O=example`, signed by the authority for servers only.
    pub server_only: Certificate,
}

impl Certificate {
    pub fn der(&self) -> Vec<u8> {
        let body: String = self.pem.lines().filter(|line| !line.starts_with("-----")).collect();
        STANDARD.decode(body).unwrap()
    }

    /// As RFC 9440 has a proxy pass it.
    pub fn header(&self) -> String {
        format!(":{}:", STANDARD.encode(self.der()))
    }

    /// RFC 8705 section 3.1.
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.der()))
    }
}

pub fn certificates() -> &'static Certificates {
    static MADE: OnceLock<Certificates> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder =
            std::env::temp_dir().join(format!("idp-certificates-{:016x}", getrandom::u64().unwrap()));
        std::fs::create_dir_all(&folder).unwrap();
        make(&folder, "authority", "/CN=authority", "basicConstraints=critical,CA:TRUE", false);
        let signed = |name: &str, subject: &str, more: &str| make(&folder, name, subject, more, true);
        Certificates {
            authority: folder.join("authority.pem"),
            hall: signed("hall", "/O=example/CN=hall", "subjectAltName=DNS:hall.example"),
            imposter: make(
                &folder,
                "imposter",
                "/O=example/CN=hall",
                "subjectAltName=DNS:hall.example",
                false,
            ),
            other: signed("other", "/O=example/CN=other", "subjectAltName=DNS:other.example"),
            server_only: signed("server", "/O=example/CN=hall", "extendedKeyUsage=serverAuth"),
        }
    })
}

/// A certificate with this extension; signed by the folder's authority, or by itself.
fn make(folder: &Path, name: &str, subject: &str, extension: &str, by_authority: bool) -> Certificate {
    let path = |ending: &str| folder.join(format!("{name}{ending}")).to_str().unwrap().to_owned();
    let (certificate, key) = (path(".pem"), path(".key"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args([
        "-days",
        "2",
        "-subj",
        subject,
        "-addext",
        extension,
        "-keyout",
        &key,
        "-out",
        &certificate,
    ]);
    if by_authority {
        let authority = |ending: &str| folder.join(format!("authority{ending}"));
        command.arg("-CA").arg(authority(".pem")).arg("-CAkey").arg(authority(".key"));
    }
    let made = command.stderr(Stdio::null()).status().expect("the openssl program");
    assert!(made.success(), "{name}");
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    Certificate { pem: read(&certificate), key: read(&key) }
}
