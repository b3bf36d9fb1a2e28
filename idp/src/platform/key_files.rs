//! Secret files under `keys/`: mode 0600, written whole or not at all, one writer at a time.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// A folder of secret files.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
}

impl KeyFolder {
    /// Opens the folder, and makes it if it is missing.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("keys.directory: cannot make the folder {}", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Holds the folder against every other process on this file system until the guard is dropped.
    ///
    /// # Errors
    /// When the lock file can't be made or locked.
    pub fn lock(&self) -> anyhow::Result<File> {
        let path = self.path.join(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(file)
    }

    /// The names of the secret files whose name starts with `prefix`, in order.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn list(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)
            .with_context(|| format!("keys.directory: cannot read {}", self.path.display()))?;
        let mut names = Vec::new();
        for entry in entries {
            if let Ok(name) = entry?.file_name().into_string()
                && name.starts_with(prefix)
                && name.ends_with(".json")
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads a secret file.
    ///
    /// # Errors
    /// When it can't be read, or when others than its owner may read it.
    pub fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.path.join(name);
        let mode = fs::metadata(&path).with_context(|| format!("{}", path.display()))?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!("{} can be read by others (mode {:o}): chmod 600 it", path.display(), mode & 0o777);
        }
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Writes a secret file that must not exist yet: a reader sees it whole or not at all.
    ///
    /// # Errors
    /// When it exists or can't be written.
    pub fn write_new(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        ensure!(!path.exists(), "{} exists", path.display());
        let draft = self.path.join(format!(".{name}.draft"));
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Deletes a secret file.
    ///
    /// # Errors
    /// When it can't be deleted.
    pub fn remove(&self, name: &str) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.path.join(name))?)
    }
}
