//! `application/x-www-form-urlencoded`, read strictly: bad UTF-8 is an error, and so is a parameter given twice
//! (RFC 6749 section 3.1). So is U+0000, which nobody types and PostgreSQL takes in no text.

use std::collections::HashSet;

/// Parameters as sent, in order, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameters are not valid UTF-8, or contain U+0000")]
pub struct Malformed;

impl Params {
    /// # Errors
    /// When a name or value is not UTF-8 after decoding, or contains U+0000.
    pub fn parse(encoded: &[u8]) -> Result<Self, Malformed> {
        let mut params = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            params.push((name, value));
        }
        Ok(Self(params))
    }

    /// A parameter's value; one without a value counts as absent (RFC 6749 section 3.1). Of several the first: see
    /// [`Params::repeated`].
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may be sent more than once.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// The first name that was sent more than once.
    pub fn repeated(&self) -> Option<&str> {
        self.repeated_but(&[])
    }

    /// The same, except for names that may be.
    pub fn repeated_but(&self, may_be: &[&str]) -> Option<&str> {
        // Not by comparing each with each: anybody may send tens of thousands.
        let mut seen = HashSet::with_capacity(self.0.len());
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !seen.insert(*name) && !may_be.contains(name))
    }

    pub fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }

    /// The same parameters without these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// As a query or a form body carries them.
    pub fn encoded(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

impl From<Vec<(String, String)>> for Params {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

fn decode(text: &[u8]) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let escaped = match (byte, after) {
            // A lone percent sign stands for itself, as browsers read it.
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match (byte, escaped) {
            (_, Some((high, low))) => {
                bytes.push(high * 16 + low);
                rest = &after[2..];
            }
            (b'+', None) => bytes.push(b' '),
            (other, None) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or(Malformed)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_browsers_send() {
        let params = Params::parse("a=1+2&b=%E6%B3%95&c&d=&e==&&100%=%zz".as_bytes()).unwrap();
        assert_eq!(params.get("a"), Some("1 2"));
        assert_eq!(params.get("b"), Some("法"));
        assert_eq!((params.get("c"), params.get("d")), (None, None));
        assert_eq!(params.get("e"), Some("="));
        assert_eq!(params.get("100%"), Some("%zz"));
        assert_eq!(params.repeated(), None);
    }

    #[test]
    fn tells_what_is_repeated_and_what_is_not_utf8() {
        let params = Params::parse(b"a=1&b=2&a=").unwrap();
        assert_eq!(params.repeated(), Some("a"));
        assert!(params.is_repeated("a") && !params.is_repeated("b"));
        assert_eq!((params.repeated_but(&["a"]), params.repeated_but(&["b"])), (None, Some("a")));
        assert_eq!(params.all("a"), ["1"]);
        assert_eq!(params.without(&["a"]).encoded(), "b=2");
        let many: String = (0..16_000).map(|number| format!("{number:x}&")).collect();
        let params = Params::parse(many.as_bytes()).unwrap();
        let began = std::time::Instant::now();
        assert_eq!((0..20).find_map(|_| params.repeated()), None);
        assert!(began.elapsed().as_secs() < 5, "each was compared with each");
        assert_eq!(Params::parse(b"a=%ff"), Err(Malformed));
        assert_eq!(Params::parse(b"\xff=a"), Err(Malformed));
        assert_eq!(Params::parse(b"a=b%00"), Err(Malformed));
    }

    proptest! {
        #[test]
        fn reads_back_what_the_url_crate_writes(pairs in prop::collection::vec(("[^\\x00]*", "[^\\x00]*"), 0..5)) {
            let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            prop_assert_eq!(Params::parse(encoded.as_bytes()).unwrap().into_pairs(), pairs);
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            drop(Params::parse(&bytes));
        }
    }
}
