//! The messages that arrived, in this process's memory. Sending costs a visitor nothing, so what
//! is remembered is bounded.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use idp::domain::phone::Phone;
use idp::domain::timestamp::Timestamp;

const MOST_NUMBERS: usize = 500;
const MOST_MESSAGES: usize = 20;
/// How many digits a verification code has.
const CODE: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    pub received: Timestamp,
}

/// A number in the list of those that got something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: String,
    pub count: usize,
    pub latest: Message,
}

/// Both levels have the newest first.
#[derive(Default)]
pub struct Messages(Mutex<VecDeque<Inbox>>);

struct Inbox {
    number: Phone,
    messages: VecDeque<Message>,
}

impl Messages {
    pub fn deliver(&self, number: Phone, message: Message) {
        let mut all = self.all();
        let known = all.iter().position(|inbox| inbox.number == number).and_then(|at| all.remove(at));
        let mut inbox = known.unwrap_or_else(|| Inbox { number, messages: VecDeque::new() });
        inbox.messages.push_front(message);
        inbox.messages.truncate(MOST_MESSAGES);
        all.push_front(inbox);
        all.truncate(MOST_NUMBERS);
    }

    pub fn of(&self, number: &Phone) -> Vec<Message> {
        let all = self.all();
        let inbox = all.iter().find(|inbox| inbox.number == *number);
        inbox.map(|inbox| inbox.messages.iter().cloned().collect()).unwrap_or_default()
    }

    pub fn lines(&self) -> Vec<Line> {
        let line = |inbox: &Inbox| {
            Some(Line {
                number: inbox.number.as_str().to_owned(),
                count: inbox.messages.len(),
                latest: inbox.messages.front()?.clone(),
            })
        };
        self.all().iter().filter_map(line).collect()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Inbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    /// `2026-11-24T10:00:00+08:00`
    pub fn received_at(&self) -> String {
        format!("{}+08:00", self.shown_time().replace(' ', "T"))
    }

    /// `2026-11-24 10:00:00`, in China.
    pub fn shown_time(&self) -> String {
        let second = self.received.seconds().rem_euclid(60);
        format!("{}:{second:02}", self.received.china_minute())
    }

    /// The text before the verification code, the code, and the rest. Without a code, all of the
    /// text comes before it.
    pub fn around_code(&self) -> (&str, &str, &str) {
        let no_digit = |c: char| !c.is_ascii_digit();
        let mut at = 0;
        for piece in self.text.split_inclusive(no_digit) {
            if piece.trim_end_matches(no_digit).len() == CODE {
                let (before, rest) = self.text.split_at(at);
                let (code, after) = rest.split_at(CODE);
                return (before, code, after);
            }
            at += piece.len();
        }
        (&self.text, "", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(at: usize) -> Phone {
        Phone::parse(&format!("194{at:08}")).expect("a number")
    }

    fn message(text: &str) -> Message {
        Message { text: text.into(), received: Timestamp::from_millis(1_763_135_999_999) }
    }

    #[test]
    fn the_newest_twenty_of_a_number_stay() {
        let all = Messages::default();
        (0..25).for_each(|at| all.deliver(phone(1), message(&format!("no. {at}"))));
        let kept = all.of(&phone(1));
        assert_eq!(kept.len(), MOST_MESSAGES);
        assert_eq!((&*kept[0].text, &*kept[19].text), ("no. 24", "no. 5"));
        assert_eq!(all.of(&phone(2)), []);
    }

    #[test]
    fn the_number_that_waited_longest_goes() {
        let all = Messages::default();
        (0..MOST_NUMBERS).for_each(|at| all.deliver(phone(at), message("first")));
        all.deliver(phone(0), message("again"));
        all.deliver(phone(MOST_NUMBERS), message("one too many"));
        let lines = all.lines();
        assert_eq!(lines.len(), MOST_NUMBERS);
        assert_eq!(lines[0].latest.text, "one too many");
        assert_eq!((&*lines[1].latest.text, lines[1].count), ("again", 2));
        assert_eq!(all.of(&phone(1)), [], "number 0 was heard of since");
    }

    #[test]
    fn the_code_is_found() {
        for (text, parts) in [
            ("验证码：123456，10分钟内有效", ("验证码：", "123456", "，10分钟内有效")),
            ("654321", ("", "654321", "")),
            ("尾号1234567的账号，验证码 123456", ("尾号1234567的账号，验证码 ", "123456", "")),
            ("您的密码已修改", ("您的密码已修改", "", "")),
            ("致电19400000001或12345", ("致电19400000001或12345", "", "")),
            ("", ("", "", "")),
        ] {
            assert_eq!(message(text).around_code(), parts, "{text}");
        }
    }

    #[test]
    fn times_are_those_of_china() {
        assert_eq!(message("").received_at(), "2025-11-14T23:59:59+08:00");
        assert_eq!(message("").shown_time(), "2025-11-14 23:59:59");
    }
}
