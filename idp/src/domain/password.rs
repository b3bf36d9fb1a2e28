//! 密码: what a password must be like, and a box that keeps it out of logs.

use serde::Deserialize;
use std::{fmt, hint::black_box, mem};

/// Passwords that everyone tries first, in lower case, one a line; only those which have two
/// kinds of characters, because the policy refuses the others anyway.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");
/// Shorter context says nothing about the person: any password might contain it.
const SHORTEST_CONTEXT: usize = 4;

/// A password as it was typed. `Debug` does not show it, there is no `Display`, and its memory
/// is overwritten in the end, as far as safe Rust can promise that.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Takes a password in. It is neither trimmed nor changed in any other way.
    pub fn new(password: String) -> Password {
        Password(password)
    }

    /// The password itself, for the policy and the hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Keeps the compiler from leaving out a write that nobody reads.
        black_box(&bytes);
    }
}

/// What passwords are accepted. Where it is part of the configuration, so is this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub min: usize,
    /// The most characters.
    pub max: usize,
    /// How many of the three kinds (digits, letters, symbols) there must be at least.
    pub classes: usize,
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Length, characters or kinds of characters do not fit the policy.
    #[error("{}", .0.hint())]
    Unfit(PasswordPolicy),
    /// It is one of those that everyone tries first.
    #[error("密码过于常见，请更换")]
    Common,
    /// It can be guessed by who knows the account, the unit or the person.
    #[error("密码不能包含账号、统一社会信用代码、手机号码或证件号码")]
    Guessable,
}

impl PasswordPolicy {
    /// The operating manual's rule for registration: 6 to 16 characters.
    pub const MANUAL_REGISTRATION: PasswordPolicy = PasswordPolicy::two_classes(6);
    /// The operating manual's rule for reset and change: 8 to 16 characters.
    pub const MANUAL_RESET: PasswordPolicy = PasswordPolicy::two_classes(8);
    /// The rule everywhere under the profile `djbh` (等保, GB/T 22239-2019, level 3).
    pub const DJBH: PasswordPolicy = PasswordPolicy::two_classes(8);

    const fn two_classes(min: usize) -> PasswordPolicy {
        PasswordPolicy { min, max: 16, classes: 2 }
    }

    /// Refuses what does not [fit](Self::fits), what is too common, and what contains one of
    /// `context`, or is part of it: account, credit code, phone number, end of the document
    /// number. Case makes no difference; context of fewer than four characters is left out.
    pub fn check(&self, password: &str, context: &[&str]) -> Result<(), PasswordRefusal> {
        if !self.fits(password) {
            return Err(PasswordRefusal::Unfit(*self));
        }
        let password = password.to_ascii_lowercase();
        if COMMON_PASSWORDS.lines().any(|common| common == password) {
            return Err(PasswordRefusal::Common);
        }
        let guessable = |known: &&str| {
            let known = known.to_ascii_lowercase();
            known.len() >= SHORTEST_CONTEXT && (password.contains(&known) || known.contains(&password))
        };
        if context.iter().any(guessable) {
            return Err(PasswordRefusal::Guessable);
        }
        Ok(())
    }

    /// Whether length and kinds of characters are right, and all are printable ASCII, 0x21 to
    /// 0x7E. This is what the [hint](Self::hint) promises.
    pub fn fits(&self, password: &str) -> bool {
        let has = |kind: fn(&u8) -> bool| usize::from(password.as_bytes().iter().any(kind));
        let classes = has(u8::is_ascii_digit) + has(u8::is_ascii_alphabetic) + has(u8::is_ascii_punctuation);
        password.bytes().all(|c| c.is_ascii_graphic())
            && (self.min..=self.max).contains(&password.len())
            && classes >= self.classes
    }

    /// The rule in a sentence, for the page: 密码应为6-16位数字、字母或符号至少2种的组合.
    pub fn hint(&self) -> String {
        let PasswordPolicy { min, max, classes } = self;
        match classes {
            0 | 1 => format!("密码应为{min}-{max}位数字、字母或符号"),
            2 => format!("密码应为{min}-{max}位数字、字母或符号至少2种的组合"),
            _ => format!("密码应为{min}-{max}位数字、字母和符号的组合"),
        }
    }
}

/// The end of a document number, which people know by heart and a password must not contain.
pub fn known_tail(document_number: &str) -> &str {
    let number = document_number.trim();
    number.get(number.len().saturating_sub(6)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const REGISTRATION: PasswordPolicy = PasswordPolicy::MANUAL_REGISTRATION;
    const RESET: PasswordPolicy = PasswordPolicy::MANUAL_RESET;

    #[test]
    fn what_fits_at_registration_and_at_reset() {
        for (password, registration, reset) in [
            ("abc123", true, false),
            ("abcdef!", true, false),
            ("Jlrs2026", true, true),
            ("1234567!", true, true),
            ("a1b2c3d4e5f6g7h8", true, true),
            ("abcdef", false, false),
            ("123456", false, false),
            ("!!!!!!!!", false, false),
            ("a1b2c", false, false),
            ("a1b2c3d4e5f6g7h8i", false, false),
            ("密码abc123", false, false),
            ("abc 1234", false, false),
            ("abc1234\u{7F}", false, false),
        ] {
            assert_eq!(REGISTRATION.fits(password), registration, "{password}");
            assert_eq!(RESET.fits(password), reset, "{password}");
            assert_eq!(PasswordPolicy::DJBH.fits(password), reset, "{password}");
        }
    }

    #[test]
    fn the_refusal_is_the_hint() {
        let refusal = REGISTRATION.check("abcdef", &[]).expect_err("one kind");
        assert_eq!(refusal.to_string(), "密码应为6-16位数字、字母或符号至少2种的组合");
        let refusal = PasswordPolicy::DJBH.check("abc123", &[]).expect_err("short");
        assert_eq!(refusal.to_string(), "密码应为8-16位数字、字母或符号至少2种的组合");
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for password in ["abc123", "Qwe123", "1qaz2wsx", "WoAiNi1314", "P@ssw0rd"] {
            assert_eq!(REGISTRATION.check(password, &[]), Err(PasswordRefusal::Common));
        }
        assert_eq!(REGISTRATION.check("Jlrs2026", &[]), Ok(()));
    }

    #[test]
    fn what_others_know_is_refused() {
        let context = ["xinyue0221", "91220101TEXT00017E", "15400000002", "010008", "", "a1"];
        for password in ["xinyue0221", "Xinyue0221!", "01text00017e", "a15400000002", "wx010008"] {
            let refusal = REGISTRATION.check(password, &context);
            assert_eq!(refusal, Err(PasswordRefusal::Guessable), "{password}");
        }
        assert_eq!(REGISTRATION.check("a1-Jlrs-2026", &context), Ok(()));
    }

    #[test]
    fn the_list_holds_only_what_would_fit_otherwise() {
        let mut seen = HashSet::new();
        for line in COMMON_PASSWORDS.lines() {
            assert!(REGISTRATION.fits(line), "{line}");
            assert_eq!(line, line.to_ascii_lowercase());
            assert!(seen.insert(line), "{line} twice");
        }
        assert!(seen.len() >= 200);
    }

    #[test]
    fn debug_does_not_show_a_password() {
        let password = Password::new("Jlrs2026".to_owned());
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(password.expose(), "Jlrs2026");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(?s).*", context in "(?s).*") {
            let _ = REGISTRATION.check(&text, &[&context]);
        }

        #[test]
        fn no_password_may_be_or_contain_the_account(account in "[a-z]{2}[a-z0-9]{4,6}") {
            let password = format!("{account}#7");
            prop_assert!(REGISTRATION.check(&password, &[&account]).is_err());
            prop_assert!(REGISTRATION.check(&account, &[&account]).is_err());
        }
    }
}
