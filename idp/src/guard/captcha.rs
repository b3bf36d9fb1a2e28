//! The picture captcha, and its non-visual alternative: a proof of work (see docs/decisions).

use anyhow::{Context, Result};
use captcha::Captcha;
use captcha::filters::{Noise, Wave};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::domain::normalize::normalize_code;
use crate::domain::timestamp::Span;
use crate::platform::random;
use crate::store::captchas;

/// No character that looks like another one.
const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRTUVWXY346789";
const LENGTH: usize = 4;
const LIFE: Span = Span::minutes(10);

/// Leading zero bits that the proof's hash must have: about 130,000 hashes, a second of a telephone's script.
pub const DIFFICULTY: u32 = 17;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Right,
    Wrong,
    Expired,
}

/// Why a visitor did not pass. What is missing is told in two ways: at sign-in, and where a message would be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("请输入验证码")]
    Missing,
    #[error("请先输入图片验证码")]
    MissingBeforeSending,
    #[error("验证码错误，请重新输入")]
    Wrong,
    #[error("验证码已过期，请点击刷新")]
    Expired,
}

/// That a captcha was passed; only this module can say so.
#[derive(Debug)]
pub struct Passed(());

/// What a visitor gave back.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub id: &'a str,
    pub text: &'a str,
    /// The number of the proof of work, or empty.
    pub proof: &'a str,
}

impl Answer<'_> {
    /// Nothing was typed, and nothing proved: the captcha need not be spent on it.
    pub fn is_missing(&self) -> bool {
        normalize_code(self.text).is_empty() && self.proof.is_empty()
    }
}

/// Draws a new captcha; gives its id.
///
/// # Errors
/// When the database fails.
pub async fn create(app: &App) -> Result<String> {
    let id = random::token();
    let answer = random::text(ALPHABET, LENGTH);
    captchas::insert(&app.store, &random::hash(&id), &answer, app.clock.now() + LIFE).await?;
    Ok(id)
}

/// The picture as PNG, 220×88 pixels; `None` once it has been answered or has expired.
///
/// # Errors
/// When the database fails.
pub async fn picture(app: &App, id: &str) -> Result<Option<Vec<u8>>> {
    let Some(answer) = captchas::find(&app.store, &random::hash(id), app.clock.now()).await? else {
        return Ok(None);
    };
    let png = tokio::task::spawn_blocking(move || draw(&answer)).await?;
    png.map(Some).context("the picture cannot be drawn")
}

/// Whether a captcha is still open, so that its proof may be asked for.
///
/// # Errors
/// When the database fails.
pub async fn is_open(app: &App, id: &str) -> Result<bool> {
    Ok(captchas::find(&app.store, &random::hash(id), app.clock.now()).await?.is_some())
}

/// What must be passed before something is sent or told. Installations on loopback may go without.
///
/// # Errors
/// When the database fails.
pub async fn pass(app: &App, given: Answer<'_>) -> Result<Result<Passed, Refusal>> {
    if !app.config.sms.captcha {
        return Ok(Ok(Passed(())));
    }
    if given.is_missing() {
        return Ok(Err(Refusal::MissingBeforeSending));
    }
    Ok(match check(app, given).await? {
        Outcome::Right => Ok(Passed(())),
        Outcome::Wrong => Err(Refusal::Wrong),
        Outcome::Expired => Err(Refusal::Expired),
    })
}

/// Takes the captcha and compares: a second answer to the same picture is [`Outcome::Expired`].
///
/// # Errors
/// When the database fails.
pub async fn check(app: &App, given: Answer<'_>) -> Result<Outcome> {
    let taken = captchas::take(&app.store, &random::hash(given.id), app.clock.now()).await?;
    let Some(expected) = taken else { return Ok(Outcome::Expired) };
    let right = normalize_code(given.text) == expected || is_proof(given.id, given.proof);
    Ok(if right { Outcome::Right } else { Outcome::Wrong })
}

/// Whether SHA-256(`salt:number`) begins with [`DIFFICULTY`] zero bits.
fn is_proof(salt: &str, number: &str) -> bool {
    if number.is_empty() || number.len() > 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let hash = Sha256::digest(format!("{salt}:{number}"));
    let first: [u8; 4] = [hash[0], hash[1], hash[2], hash[3]];
    u32::from_be_bytes(first).leading_zeros() >= DIFFICULTY
}

fn draw(answer: &str) -> Option<Vec<u8>> {
    let mut captcha = Captcha::new();
    for character in answer.chars() {
        captcha.set_chars(&[character]).add_char();
    }
    captcha
        .apply_filter(Wave::new(2.0, 8.0).horizontal())
        .apply_filter(Wave::new(2.0, 6.0).vertical())
        .apply_filter(Noise::new(0.2))
        .view(220, 88)
        .as_png()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_can_be_drawn() {
        let drawable = Captcha::new().supported_chars();
        assert!(ALPHABET.iter().all(|byte| drawable.contains(&char::from(*byte))), "{drawable:?}");
        let png = draw("AB34").unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 220);
        assert_eq!(u32::from_be_bytes(png[20..24].try_into().unwrap()), 88);
    }

    #[test]
    fn a_proof_costs_work_and_belongs_to_its_captcha() {
        let number = (0_u32..).find(|number| is_proof("salt", &number.to_string())).unwrap().to_string();
        assert!(is_proof("salt", &number));
        assert!(!is_proof("other", &number));
        for wrong in ["", "-1", "x", "123456789012345678901", "１"] {
            assert!(!is_proof("salt", wrong));
        }
    }
}
