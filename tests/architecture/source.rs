//! Reads the workspace's files, and of Rust only what is no comment and no test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Clone)]
pub struct Source {
    /// Within the workspace.
    pub path: String,
    /// Line by line as in the file; comments are empty, and unit tests at the end are gone.
    pub code: String,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files under a folder with this extension, in order.
pub fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let path = root().join(&folder);
        for entry in std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else if Path::new(&name).extension().is_some_and(|found| found == extension) {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// The Rust files under a folder, without those that are tests.
pub fn under(folder: &str) -> Vec<Source> {
    let all = files(folder, "rs").into_iter();
    all.filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let text = read(&path);
            Source::of(path, &text)
        })
        .collect()
}

impl Source {
    pub fn of(path: String, text: &str) -> Self {
        let mut code = String::new();
        for line in text.lines() {
            if line == "#[cfg(test)]" {
                break; // house style: unit tests are the end of a file
            }
            let comment = line.trim_start().starts_with("//");
            code += if comment { "" } else { line.split(" // ").next().unwrap_or_default() };
            code.push('\n');
        }
        Self { path, code }
    }

    /// The modules of the crate's root that the code names.
    pub fn rooms_it_knows(&self) -> BTreeSet<String> {
        let mut rooms = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            if self.code[..at].ends_with(|before: char| is_word(before) || before == '$') {
                continue;
            }
            let rest = &self.code[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(members(group)),
                None => rooms.extend(words(rest).next().map(str::to_owned)),
            }
        }
        rooms
    }

    /// Whether an attribute shortly before this line says why it is as it is.
    pub fn is_excused(&self, line: usize) -> bool {
        let before: Vec<&str> = self.code.lines().skip(line.saturating_sub(6)).take(line.min(6)).collect();
        let attribute = before.iter().rposition(|line| line.trim_start().starts_with("#[expect("));
        attribute.is_some_and(|at| before[at..].concat().contains("reason = "))
    }
}

/// The first words of a group's members: `store` and `web` of `store, web::{self, urls}};`.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut starts, mut word, mut found) = (0_u32, true, String::new(), Vec::new());
    for letter in group.chars() {
        if is_word(letter) && starts && depth == 0 {
            word.push(letter);
            continue;
        }
        if !word.is_empty() {
            found.push(std::mem::take(&mut word));
            starts = false;
        }
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            _ => (),
        }
    }
    found
}

pub fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_word(letter)).filter(|word| !word.is_empty())
}

/// The string literals that stand right behind `mark`.
pub fn string_after(text: &str, mark: &str) -> Vec<String> {
    text.match_indices(mark)
        .filter_map(|(at, _)| {
            let literal = text[at + mark.len()..].trim_start().strip_prefix('"')?;
            Some(literal.split('"').next()?.to_owned())
        })
        .collect()
}
