//! What a page or a log may show of a person's data.
//!
//! The functions take plain text, of any kind: what does not look as expected is hidden rather
//! than shown. A unit's name and its credit code are public and need no mask.

/// All of a name but its last character: `*颖`, `**颖`. A single character is hidden.
pub fn name(name: &str) -> String {
    let length = name.chars().count();
    show_ends(name, 0, if length > 1 { 1 } else { 0 })
}

/// The first three and last four digits of a mobile number: `135****7850`.
/// Anything but eleven digits is hidden entirely.
pub fn phone(phone: &str) -> String {
    if phone.len() == 11 && phone.bytes().all(|b| b.is_ascii_digit()) {
        show_ends(phone, 3, 4)
    } else {
        show_ends(phone, 0, 0)
    }
}

/// The last four characters of a document number: `**************0075`.
/// Of a number shorter than eight, at most the last half.
pub fn document_number(number: &str) -> String {
    show_ends(number, 0, (number.chars().count() / 2).min(4))
}

/// Keeps `head` characters at the start and `tail` at the end; each other becomes a star.
fn show_ends(text: &str, head: usize, tail: usize) -> String {
    let length = text.chars().count();
    text.chars().enumerate().map(|(at, c)| if at < head || at + tail >= length { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names() {
        assert_eq!(name("王颖"), "*颖");
        assert_eq!(name("王小颖"), "**颖");
        assert_eq!(name("𠮷田"), "*田");
        assert_eq!(name("王"), "*");
        assert_eq!(name(""), "");
    }

    #[test]
    fn phones() {
        assert_eq!(phone("13500007850"), "135****7850");
        assert_eq!(phone("1350000785"), "**********");
        assert_eq!(phone("+8613500007850"), "**************");
    }

    #[test]
    fn document_numbers() {
        assert_eq!(document_number("220102190001010075"), "**************0075");
        assert_eq!(document_number("H00000012"), "*****0012");
        assert_eq!(document_number("A1234"), "***34");
        assert_eq!(document_number(""), "");
    }

    proptest! {
        #[test]
        fn masks_never_contain_the_hidden_part(
            hidden in "[a-m]{1,20}", shown in "[n-z]", digits in "[1-4]{4}", tail in "[5-9]{4}",
        ) {
            let masked = name(&format!("{hidden}{shown}"));
            prop_assert_eq!(masked, format!("{}{}", "*".repeat(hidden.len()), shown));
            let masked = document_number(&format!("{hidden}{digits}{tail}"));
            prop_assert_eq!(masked, format!("{}{}", "*".repeat(hidden.len() + 4), tail));
            let masked = phone(&format!("199{digits}{tail}"));
            prop_assert!(!masked.contains(&digits));
        }

        #[test]
        fn masks_take_any_text_and_keep_its_length(text in "(?s).*") {
            let length = text.chars().count();
            let stars = |masked: &str| masked.chars().filter(|&c| c == '*').count();
            for masked in [name(&text), phone(&text), document_number(&text)] {
                prop_assert_eq!(masked.chars().count(), length);
                prop_assert!(length == 0 || stars(&masked) > 0);
            }
            prop_assert!(stars(&document_number(&text)) * 2 >= length);
        }
    }
}
