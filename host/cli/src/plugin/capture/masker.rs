//! Masks values: replaces each by another of the same shape, and equal values by equal ones.
//!
//! Letters become letters, digits digits and times times; punctuation stays. Distinct values stay distinct as long as their
//! shape leaves room. An original cannot be computed from its replacement: the key is generated for one run of the tool and
//! never stored.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use inlet_core::json;

use super::replacement::replacement;

/// The number of replacements tried before one that another value already has is accepted.
const MAX_ATTEMPTS: u32 = 32;

/// Replacements by value, the same throughout one run.
pub(super) struct Masker {
    key: [u8; 32],
    masked: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Masker {
    /// Returns a masker with a random key.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key, masked: HashMap::new(), taken: HashSet::new() })
    }

    /// Masks the values of a JSON text, except those for which `is_kept` returns true.
    pub(super) fn mask_json(&mut self, text: &str, is_kept: impl Fn(&str) -> bool) -> String {
        json::replace_values(text, |value| {
            let plain = plain(value);
            match (is_kept(&plain), value.starts_with('"')) {
                (true, _) => Cow::Borrowed(value),
                (false, true) => Cow::Owned(json::quote(&self.mask_text(&plain))),
                (false, false) => Cow::Owned(self.mask_number(value)),
            }
        })
    }

    /// Masks a text.
    pub(super) fn mask_text(&mut self, value: &str) -> String {
        if let Some(masked) = self.masked.get(value) {
            return masked.clone();
        }
        let attempt = |attempt| replacement(&self.key, value, attempt);
        let free = (0..MAX_ATTEMPTS).map(attempt).find(|masked| masked != value && !self.taken.contains(masked));
        let masked = free.unwrap_or_else(|| attempt(0));
        self.taken.insert(masked.clone());
        self.masked.insert(value.to_owned(), masked.clone());
        masked
    }

    /// Masks a number. Its digits become the same as those of a string of these digits; sign, point and exponent stay.
    fn mask_number(&mut self, value: &str) -> String {
        let mantissa = value.find(['e', 'E']).unwrap_or(value.len());
        let (mantissa, exponent) = value.split_at(mantissa);
        let masked = self.mask_text(mantissa);
        // A leading zero stays: JSON allows no other digit after one, and it keeps the number's magnitude.
        let at = usize::from(mantissa.starts_with('-'));
        match mantissa.as_bytes().get(at) {
            Some(b'0') => format!("{}0{}{exponent}", &masked[..at], &masked[at + 1..]),
            _ => format!("{masked}{exponent}"),
        }
    }
}

/// Returns the content of a JSON string; any other value unchanged.
pub(super) fn plain(value: &str) -> String {
    json::string(value).unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use inlet_core::time;

    use super::*;

    #[test]
    fn shapes_and_equality_stay() {
        let mut masker = Masker::new().unwrap();
        let text = r#"{"user":"u_42","email":"ana.é@example.com","n":[42,"42",-0.50,0,1.5e10,true,null],"user2":"u_42","x":"u_43"}"#;
        let masked = masker.mask_json(text, |_| false);
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
        assert_eq!(masker.mask_json(r#"{"user":"u_42"}"#, |_| false), format!(r#"{{"user":{}}}"#, member("user")));
    }

    #[test]
    fn kept_values_are_unchanged_and_times_stay_times() {
        let mut masker = Masker::new().unwrap();
        let masked = masker.mask_json(r#"{"type":"track","at":"x"}"#, |value| value == "track");
        assert!(masked.starts_with(r#"{"type":"track","at":""#), "{masked}");
        for at in ["2026-01-02T03:04:05.678Z", "1999-12-31T23:59:59+05:30", "2026-01-02"] {
            let masked = masker.mask_text(at);
            assert!(masked != at && masked.len() == at.len() && time::parse(&masked).is_some(), "{masked}");
        }
    }
}
