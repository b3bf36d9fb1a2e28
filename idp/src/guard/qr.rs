//! 扫码登录: a code on one device's screen, confirmed on another. One rule behind the telephone's web page and the
//! app's JSON.
//!
//! A ticket has two secrets. The browser's names it to the browser that asked for it, together with that browser's
//! cookie; the code in the picture is its hash, and all that a telephone has. So whoever sees the picture can't come
//! in as the browser, and the store, which keeps the hashes of both, gives neither away.
//!
//! A picture of the code that is shown to somebody else is the attack to stop. The telephone says which portal, which
//! browser, where and when, and asks for a number that the browser shows only once the code is scanned.

pub mod browser;
pub mod identity;
pub mod phone;
pub mod scanned;
pub mod watch;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::qr_ticket::{Seen, Stage};
use crate::domain::timestamp::{Span, Timestamp};
use crate::platform::random;
use crate::store::qr_tickets::TicketRow;

/// How long a code can be scanned.
pub const LIFE: Span = Span::seconds(120);
/// How much longer it lives once it has been.
const LONGER: Span = Span::seconds(60);
/// How long the browser has to come in after it was confirmed.
pub(super) const COME_IN: Span = Span::seconds(60);

/// The browser's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketId(String);

impl TicketId {
    fn new() -> Self {
        Self(random::token())
    }

    pub fn parse(text: &str) -> Option<Self> {
        is_secret(text).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        random::hash(&self.0)
    }

    /// The code of this ticket: nobody gets from it back to the ticket.
    pub fn code(&self) -> Code {
        Code(random::base64url(&random::hash(&format!("qr-code {}", self.0))))
    }
}

/// The telephone's secret: 32 bytes in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Reads a code, or the whole address in the picture.
    pub fn parse(issuer: &str, text: &str) -> Option<Self> {
        let text = text.trim();
        let code = match text.strip_prefix(issuer) {
            Some(path) => path.strip_prefix("/scan/")?,
            None => text,
        };
        is_secret(code).then(|| Self(code.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the picture says.
    pub fn address(&self, issuer: &str) -> String {
        format!("{issuer}/scan/{}", self.0)
    }

    fn hash(&self) -> Vec<u8> {
        random::hash(&self.0)
    }
}

fn is_secret(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Three different two-digit numbers to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices([u8; 3]);

impl Choices {
    /// New ones, and which of them the browser shows.
    fn draw() -> (Self, u8) {
        let mut drawn: Vec<u8> = Vec::new();
        while drawn.len() < 3 {
            let digits = random::text(b"123456789", 1) + &random::text(b"0123456789", 1);
            if let Ok(number) = digits.parse()
                && !drawn.contains(&number)
            {
                drawn.push(number);
            }
        }
        let shown = drawn[0];
        drawn.sort_unstable();
        (Self([drawn[0], drawn[1], drawn[2]]), shown)
    }

    fn to_text(self) -> String {
        self.0.map(|number| number.to_string()).join(",")
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u8> = text.split(',').filter_map(|number| number.parse().ok()).collect();
        numbers.try_into().ok().map(Self)
    }

    pub const fn numbers(self) -> [u8; 3] {
        self.0
    }
}

fn stage_of(row: &TicketRow) -> anyhow::Result<Stage> {
    Stage::parse(&row.stage).ok_or_else(|| anyhow::anyhow!("unknown stage of a QR ticket: {}", row.stage))
}

fn seen_of(row: &TicketRow, now: Timestamp) -> anyhow::Result<Seen> {
    let number = u8::try_from(row.number)?;
    let expires_at = Timestamp::from_millis(row.expires_at);
    Ok(Seen::of(stage_of(row)?, row.scanner_name.as_deref(), number, expires_at, now))
}

/// An address without its last part: enough to recognise one's own place.
fn mask_address(address: &str) -> String {
    match address.rsplit_once('.') {
        Some((network, _)) if !address.contains(':') => format!("{network}.*"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_does_not_lead_back_to_the_ticket() {
        let id = TicketId::new();
        let code = id.code();
        assert_eq!(code, id.code());
        assert_ne!(code.as_str(), id.as_str());
        assert_ne!(code.hash(), id.hash());
        assert_eq!(TicketId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn codes_are_read_from_addresses_of_ours_only() {
        let issuer = "https://id.example";
        let code = TicketId::new().code();
        for text in [code.as_str().to_owned(), code.address(issuer), format!(" {}\n", code.address(issuer))] {
            assert_eq!(Code::parse(issuer, &text), Some(code.clone()), "{text}");
        }
        for text in [
            String::new(),
            code.address("https://evil.example"),
            code.address("https://id.example.evil"),
            format!("{issuer}/other/{}", code.as_str()),
            format!("{}x", code.as_str()),
            code.as_str().replace(|_: char| true, "="),
        ] {
            assert_eq!(Code::parse(issuer, &text), None, "{text}");
        }
    }

    #[test]
    fn three_different_numbers_of_two_digits() {
        for _ in 0..200 {
            let (choices, shown) = Choices::draw();
            let [a, b, c] = choices.numbers();
            assert!(10 <= a && a < b && b < c && c <= 99, "{choices:?}");
            assert!(choices.numbers().contains(&shown));
            assert_eq!(Choices::parse(&choices.to_text()), Some(choices));
        }
        assert_eq!(Choices::parse("1,2"), None);
        assert_eq!(Choices::parse("1,2,x"), None);
    }

    #[test]
    fn addresses_are_told_without_their_end() {
        assert_eq!(mask_address("203.0.113.7"), "203.0.113.*");
        assert_eq!(mask_address("2001:db8:1:2::/64"), "2001:db8:1:2::/64");
        assert_eq!(mask_address("unknown"), "unknown");
    }
}
