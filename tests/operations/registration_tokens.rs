//! `idp client initial-token …` and `idp logout-notices …`: what an operator sees and does of clients on their own.

use super::binary::Home;

#[test]
fn initial_tokens_are_made_listed_and_revoked() {
    let home = Home::new();
    assert_eq!(home.succeed(&["client", "initial-token", "list"]), "");
    let made = home.succeed(&[
        "client",
        "initial-token",
        "add",
        "--given-to",
        "portal-team",
        "--uses",
        "3",
        "--days",
        "2",
    ]);
    let token = made.strip_prefix("initial_access_token: ").unwrap().split(' ').next().unwrap();
    assert_eq!(token.len(), 43, "{made}");
    let listed = home.succeed(&["client", "initial-token", "list"]);
    assert!(listed.starts_with("portal-team  3 uses left  until 20"), "{listed}");
    assert!(!listed.contains(token), "shown only once");
    let told = home.succeed(&["client", "initial-token", "revoke", "--given-to", "portal-team"]);
    assert!(told.contains("revoked"), "{told}");
    assert_eq!(home.succeed(&["client", "initial-token", "list"]), "");
    let told = home.fail(&["client", "initial-token", "revoke", "--given-to", "portal-team"]);
    assert!(told.contains("no initial access token"), "{told}");
    for wrong in [["--uses", "0"], ["--days", "0"], ["--days", "400"]] {
        home.fail(&["client", "initial-token", "add", "--given-to", "x", wrong[0], wrong[1]]);
    }
    let off = home.command(&["client", "initial-token", "add", "--given-to", "x"]);
    let told = { off }.env("IDP_REGISTRATION__MODE", "off").output().unwrap();
    assert!(String::from_utf8_lossy(&told.stderr).contains("registration.mode"), "{told:?}");
    assert_eq!(home.succeed(&["logout-notices", "list"]), "", "nothing waits");
}
