//! Where to go back to: always a path of this site.

/// A path and query of this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Anything that a browser could read as another site leads to the start page instead.
    pub fn parse(text: &str) -> Self {
        let safe = text.starts_with('/')
            && !text.starts_with("//")
            && !text.starts_with("/\\")
            && text.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
        Self(if safe { text.to_owned() } else { "/".to_owned() })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site() {
        assert_eq!(ReturnTo::parse("/sign-in/personal?request=a").as_str(), "/sign-in/personal?request=a");
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\\b",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a b",
            "/\u{3000}",
            " /a",
            "/a\r\nb",
        ] {
            assert_eq!(ReturnTo::parse(elsewhere).as_str(), "/", "{elsewhere:?}");
        }
    }
}
