//! Distinguished names as RFC 4514 writes them: `CN=hall,O=…`, the most specific part first.

/// Its parts as (type, value). Parts with several values (`CN=a+O=b`) are left out: no portal has such a certificate, and
/// the order of the values would be open.
#[derive(Debug, PartialEq, Eq)]
pub struct DistinguishedName(pub Vec<(String, String)>);

impl DistinguishedName {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![Vec::new()];
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            let part = parts.last_mut()?;
            match char {
                '\\' => {
                    let next = chars.next()?;
                    match next.to_digit(16) {
                        // One byte of UTF-8 in hexadecimal (section 2.4).
                        Some(high) => part.push(u8::try_from(high * 16 + chars.next()?.to_digit(16)?).ok()?),
                        None => push(part, next),
                    }
                }
                ',' => parts.push(Vec::new()),
                '+' => return None,
                other => push(part, other),
            }
        }
        let split = |part: Vec<u8>| {
            let part = String::from_utf8(part).ok()?;
            let (kind, value) = part.split_once('=')?;
            let kind = kind.trim();
            let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
            (!kind.is_empty() && kind.bytes().all(known)).then(|| (kind.to_owned(), value.to_owned()))
        };
        parts.into_iter().map(split).collect::<Option<_>>().map(Self)
    }
}

fn push(part: &mut Vec<u8>, char: char) {
    part.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_escaped() {
        let parsed = |text: &str| DistinguishedName::parse(text).map(|DistinguishedName(parts)| parts);
        let name = |parts: &[(&str, &str)]| {
            Some(
                parts
                    .iter()
                    .map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()))
                    .collect::<Vec<_>>(),
            )
        };
        for (text, parts) in [
            ("CN=hall, O=示例\\, 单位", &[("CN", "hall"), ("O", "示例, 单位")][..]),
            ("CN=\\E5\\8D\\95位", &[("CN", "单位")]),
            ("CN=a\\2Cb", &[("CN", "a,b")]),
            ("CN=a\\+b", &[("CN", "a+b")]),
            ("2.5.4.3=x", &[("2.5.4.3", "x")]),
        ] {
            assert_eq!(parsed(text), name(parts), "{text}");
        }
        for wrong in ["", "CN", "=x", "CN=a,", "CN=a+O=b", "CN=\\", "CN=\\E", "CN=\\E5", "C N=x"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
