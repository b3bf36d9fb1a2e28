//! Authentication context classes: how sure the provider is of who an account's holder is, and that it is they.
//!
//! 1: only the format of what was typed at registration was checked. 2: a register confirmed it. 3: as 2, and whoever
//! signed in at this browser with the account's password has confirmed it on a second device that is signed in to
//! the same account, by the number that this browser showed (`guard/qr`). It keeps out who has only got hold of the
//! telephone, or of the browser. A sign-in by code alone is 1 or 2: it rests on the telephone only.
//!
//! Beside the class, `amr` says how (RFC 8176): `pwd`, a password at this browser; `sms`, a code to the telephone;
//! `mca`, confirmed over a second channel, which is the telephone that scanned.

/// Published, from weak to strong.
pub const LEVELS: [&str; 3] = ["urn:jl-uia:loa:1", "urn:jl-uia:loa:2", SECOND_DEVICE];
const SECOND_DEVICE: &str = "urn:jl-uia:loa:3";

/// Whether nothing less than a second device will do.
pub fn wants_second_device(wanted: &[String]) -> bool {
    wanted.iter().any(|class| class == SECOND_DEVICE) && satisfied(wanted, LEVELS[1]).is_none()
}

/// Whether a second device would lift a session of this class to what `wanted` asks for.
pub fn lacks_second_device(wanted: &[String], achieved: &str) -> bool {
    wants_second_device(wanted) && achieved == LEVELS[1]
}

/// The class to report for a session: the first that the portal wanted and the session reaches, since a stronger
/// proof is also a weaker one. `None` if it reaches none of them.
pub fn satisfied<'a>(wanted: &'a [String], achieved: &str) -> Option<&'a str> {
    let level = |class: &str| LEVELS.iter().position(|known| *known == class);
    let reached = level(achieved)?;
    wanted.iter().map(String::as_str).find(|class| level(class).is_some_and(|wanted| wanted <= reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_proof_is_also_a_weaker_one() {
        let wanted = |classes: &[&str]| classes.iter().map(|class| (*class).to_owned()).collect::<Vec<_>>();
        assert_eq!(satisfied(&wanted(&["urn:jl-uia:loa:1"]), "urn:jl-uia:loa:2"), Some("urn:jl-uia:loa:1"));
        assert_eq!(satisfied(&wanted(&["urn:jl-uia:loa:2"]), "urn:jl-uia:loa:1"), None);
        assert_eq!(
            satisfied(&wanted(&["other", "urn:jl-uia:loa:2"]), "urn:jl-uia:loa:2"),
            Some("urn:jl-uia:loa:2")
        );
        assert_eq!(satisfied(&wanted(&["other"]), "urn:jl-uia:loa:2"), None);
        assert_eq!(satisfied(&[], "urn:jl-uia:loa:2"), None);
        assert_eq!(satisfied(&wanted(&["urn:jl-uia:loa:2"]), "urn:jl-uia:loa:3"), Some("urn:jl-uia:loa:2"));
    }

    #[test]
    fn a_second_device_is_asked_for_only_where_nothing_less_will_do() {
        let wanted = |classes: &[&str]| classes.iter().map(|class| (*class).to_owned()).collect::<Vec<_>>();
        assert!(lacks_second_device(&wanted(&["urn:jl-uia:loa:3"]), "urn:jl-uia:loa:2"));
        assert!(lacks_second_device(&wanted(&["other", "urn:jl-uia:loa:3"]), "urn:jl-uia:loa:2"));
        assert!(!lacks_second_device(&wanted(&["urn:jl-uia:loa:3", "urn:jl-uia:loa:2"]), "urn:jl-uia:loa:2"));
        assert!(!lacks_second_device(&wanted(&["urn:jl-uia:loa:3"]), "urn:jl-uia:loa:3"));
        assert!(
            !lacks_second_device(&wanted(&["urn:jl-uia:loa:3"]), "urn:jl-uia:loa:1"),
            "no register has confirmed it"
        );
        assert!(!lacks_second_device(&[], "urn:jl-uia:loa:2"));
    }
}
