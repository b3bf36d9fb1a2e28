//! Authentication context classes: how sure the provider is of who an account's holder is.

/// Published, from weak to strong. 1: only the format of what was typed was checked; 2: a register confirmed it.
pub const LEVELS: [&str; 2] = ["urn:jl-uia:loa:1", "urn:jl-uia:loa:2"];

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
    }
}
