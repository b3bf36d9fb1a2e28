//! Secrets and identifiers from the operating system's generator.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Fills an array with random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
#[expect(clippy::expect_used, reason = "without randomness no answer would be safe")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A bearer secret: 32 random bytes in base64url, 43 characters.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// An identifier that is unique but not secret: 16 random bytes in base64url, 22 characters.
pub fn id() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<16>())
}

/// What the store keeps of a bearer secret.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// `count` characters, each chosen evenly from `alphabet`.
pub fn text(alphabet: &[u8], count: usize) -> String {
    // Rejection keeps the choice even for any alphabet.
    let limit = 256 - 256 % alphabet.len().max(1);
    let mut chosen = String::with_capacity(count);
    while chosen.len() < count {
        for byte in bytes::<32>() {
            if usize::from(byte) < limit && chosen.len() < count {
                chosen.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    chosen
}

pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
        assert_eq!(id().len(), 22);
    }

    #[test]
    fn text_uses_the_whole_alphabet_and_nothing_else() {
        let drawn = text(b"abc", 600);
        assert_eq!(drawn.len(), 600);
        assert!(drawn.bytes().all(|byte| b"abc".contains(&byte)));
        assert!(b"abc".iter().all(|byte| drawn.as_bytes().contains(byte)));
    }
}
