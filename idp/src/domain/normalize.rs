//! Brings what people type or paste into one form before anything checks it.

use unicode_normalization::UnicodeNormalization;

/// NFKC (Unicode Standard Annex 15), so that full-width characters become half-width, without
/// white space and invisible characters at both ends. Doing it twice changes nothing more.
pub fn normalize(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)).to_owned()
}

/// Like [`normalize`], for codes and numbers: spaces, hyphens and invisible characters inside,
/// which come with pasted text, are removed as well, and ASCII letters become capitals.
pub fn normalize_code(text: &str) -> String {
    text.nfkc()
        .filter(|&c| !(c.is_whitespace() || is_invisible(c) || is_hyphen(c)))
        .map(|c| c.to_ascii_uppercase())
        // What has just been removed may have kept a letter and its accent apart.
        .nfc()
        .collect()
}

/// Zero-width and direction marks, which some programs add when a number is copied from them, and with which a name can
/// be shown as another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// What a page can't show, or with which it would show something else.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// The hyphen of the keyboard, and the hyphens, dashes and the minus sign that look like it.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn full_width_becomes_half_width() {
        assert_eq!(normalize("\u{3000}２２０１Ｘ （甲） "), "2201X (甲)");
    }

    #[test]
    fn codes_lose_spaces_hyphens_and_direction_marks() {
        assert_eq!(normalize_code("\u{202A} 9122 0101-text–0001 7e\u{202C}"), "91220101TEXT00017E");
    }

    #[test]
    fn an_accent_that_a_space_kept_apart_is_composed() {
        assert_eq!(normalize_code("A \u{308}"), "\u{C4}");
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing_more(text in "(?s).*") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
            let once = normalize_code(&text);
            prop_assert_eq!(normalize_code(&once), once);
        }
    }
}
