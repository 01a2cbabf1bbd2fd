//! Other values in place of those that came: of the same shape, and equal where those were equal.
//!
//! Letters become letters, digits digits, times times; what lies between them stays. No two values become the same one as
//! long as their shape leaves room for that. What became of a value cannot be calculated: the key is made for one run of
//! the tool and kept nowhere.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use inlet_core::{json, time};
use sha2::{Digest as _, Sha256};

/// Other values are looked for so often when one is taken.
const ATTEMPTS: u32 = 32;

/// What values became so far.
pub(super) struct Masking {
    key: [u8; 32],
    masked: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Masking {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key, masked: HashMap::new(), taken: HashSet::new() })
    }

    /// A JSON text with other values, but for those that are kept.
    pub(super) fn json(&mut self, text: &str, kept: impl Fn(&str) -> bool) -> String {
        json::replace_values(text, |value| {
            let plain = plain(value);
            match (kept(&plain), value.starts_with('"')) {
                (true, _) => Cow::Borrowed(value),
                (false, true) => Cow::Owned(json::quote(&self.text(&plain))),
                (false, false) => Cow::Owned(self.number(value)),
            }
        })
    }

    /// Another text.
    pub(super) fn text(&mut self, value: &str) -> String {
        if let Some(masked) = self.masked.get(value) {
            return masked.clone();
        }
        let other = |attempt| match time::parse(value) {
            Some(_) => other_time(value, Digits::new(&self.key, value, attempt)),
            None => other_text(value, Digits::new(&self.key, value, attempt)),
        };
        let free = (0..ATTEMPTS).map(other).find(|masked| masked != value && !self.taken.contains(masked));
        let masked = free.unwrap_or_else(|| other(0));
        self.taken.insert(masked.clone());
        self.masked.insert(value.to_owned(), masked.clone());
        masked
    }

    /// The same digits as a text of these digits gets; what makes it a number stays.
    fn number(&mut self, value: &str) -> String {
        let mantissa = value.find(['e', 'E']).unwrap_or(value.len());
        let (mantissa, exponent) = value.split_at(mantissa);
        let masked = self.text(mantissa);
        // A zero at the begin stands alone in a number: it says how large it is, and another digit would not.
        let at = usize::from(mantissa.starts_with('-'));
        match mantissa.as_bytes().get(at) {
            Some(b'0') => format!("{}0{}{exponent}", &masked[..at], &masked[at + 1..]),
            _ => format!("{masked}{exponent}"),
        }
    }
}

/// A value of a JSON text: what a string says, a number as it stands.
pub(super) fn plain(value: &str) -> String {
    json::string(value).unwrap_or_else(|| value.to_owned())
}

fn other_text(value: &str, mut digits: Digits<'_>) -> String {
    let other = |character: char| match character {
        'a'..='z' => digits.another(character, b'a', 26),
        'A'..='Z' => digits.another(character, b'A', 26),
        // Not a zero, which a number does not begin with.
        '0' => (b'1' + digits.next(9)) as char,
        '1'..='9' => digits.another(character, b'1', 9),
        _ if !character.is_alphanumeric() => character,
        // As long as it was.
        _ => match character.len_utf8() {
            2 => 'é',
            3 => '字',
            _ => '𝕏',
        },
    };
    value.chars().map(other).collect()
}

/// Of a time every pair of digits after the year's becomes 11 or 12: a month, a day, an hour, a minute, a second.
fn other_time(value: &str, mut digits: Digits<'_>) -> String {
    let mut index = 0;
    let other = |character: char| {
        if !character.is_ascii_digit() {
            return character;
        }
        index += 1;
        match index {
            1 => '2',
            2 => '0',
            3 | 4 => (b'1' + digits.next(9)) as char,
            index if index % 2 == 1 => '1',
            _ => (b'1' + digits.next(2)) as char,
        }
    };
    let masked: String = value.chars().map(other).collect();
    match time::parse(&masked) {
        Some(_) => masked,
        None => other_text(value, digits),
    }
}

/// Numbers that hang on a key and a value alone.
struct Digits<'a> {
    key: &'a [u8; 32],
    value: &'a str,
    attempt: u32,
    block: [u8; 32],
    used: usize,
}

impl<'a> Digits<'a> {
    fn new(key: &'a [u8; 32], value: &'a str, attempt: u32) -> Self {
        Self { key, value, attempt, block: [0; 32], used: 0 }
    }

    /// Another character of an alphabet of `count` that begins with `first`.
    fn another(&mut self, character: char, first: u8, count: u8) -> char {
        let at = character as u8 - first;
        (first + (at + 1 + self.next(count - 1)) % count) as char
    }

    fn next(&mut self, below: u8) -> u8 {
        let at = self.used % self.block.len();
        if at == 0 {
            let hash = Sha256::new_with_prefix(self.key);
            let hash = hash.chain_update(self.attempt.to_le_bytes()).chain_update(self.used.to_le_bytes());
            self.block = hash.chain_update(self.value).finalize().into();
        }
        self.used += 1;
        self.block[at] % below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_equality_stay() {
        let mut masking = Masking::new().unwrap();
        let text = r#"{"user":"u_42","email":"ana.é@example.com","n":[42,"42",-0.50,0,1.5e10,true,null],"user2":"u_42","x":"u_43"}"#;
        let masked = masking.json(text, |_| false);
        assert_eq!(masked.len(), text.len(), "{masked}");
        json::check(&masked, json::MAX_DEPTH).unwrap();
        let member = |name: &str| json::member(&masked, name).unwrap();
        assert_eq!(member("user"), member("user2"));
        assert_ne!(member("user"), member("x"));
        for gone in ["u_42", "ana.", "example"] {
            assert!(!masked.contains(gone), "{masked}");
        }
        let numbers = json::items(member("n")).unwrap();
        assert_eq!(format!("\"{}\"", numbers[0]), numbers[1], "the same digits");
        assert!(numbers[2].starts_with("-0.") && numbers[3] == "0" && numbers[4].ends_with("e10"), "{masked}");
        assert_eq!(numbers[5..], ["true", "null"]);
        assert_eq!(masking.json(r#"{"user":"u_42"}"#, |_| false), format!(r#"{{"user":{}}}"#, member("user")));
    }

    #[test]
    fn what_is_kept_is_kept_and_times_stay_times() {
        let mut masking = Masking::new().unwrap();
        let masked = masking.json(r#"{"type":"track","at":"x"}"#, |value| value == "track");
        assert!(masked.starts_with(r#"{"type":"track","at":""#), "{masked}");
        for at in ["2026-01-02T03:04:05.678Z", "1999-12-31T23:59:59+05:30", "2026-01-02"] {
            let masked = masking.text(at);
            assert!(masked != at && masked.len() == at.len() && time::parse(&masked).is_some(), "{masked}");
        }
    }
}
