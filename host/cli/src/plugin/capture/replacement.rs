//! Replaces a value by another of the same shape.

use inlet_core::time;
use sha2::{Digest as _, Sha256};

/// Returns a replacement of the same length in bytes. A time becomes a time. Each attempt gives another replacement.
pub(super) fn replacement(key: &[u8; 32], value: &str, attempt: u32) -> String {
    let numbers = Numbers::new(key, value, attempt);
    match time::parse(value) {
        Some(_) => replace_time(value, numbers),
        None => replace_text(value, numbers),
    }
}

fn replace_text(value: &str, mut numbers: Numbers<'_>) -> String {
    let other = |character: char| match character {
        'a'..='z' => numbers.another(character, b'a', 26),
        'A'..='Z' => numbers.another(character, b'A', 26),
        // Never a zero, which no number may begin with.
        '0' => (b'1' + numbers.next(9)) as char,
        '1'..='9' => numbers.another(character, b'1', 9),
        _ if !character.is_alphanumeric() => character,
        // A letter of the same length in UTF-8.
        _ => match character.len_utf8() {
            2 => 'é',
            3 => '字',
            _ => '𝕏',
        },
    };
    value.chars().map(other).collect()
}

/// Replaces the digits of a time. The year becomes 20xx; each later pair of digits becomes 11 or 12, which is valid for a
/// month, a day, an hour, a minute and a second.
fn replace_time(value: &str, mut numbers: Numbers<'_>) -> String {
    let mut index = 0;
    let other = |character: char| {
        if !character.is_ascii_digit() {
            return character;
        }
        index += 1;
        match index {
            1 => '2',
            2 => '0',
            3 | 4 => (b'1' + numbers.next(9)) as char,
            index if index % 2 == 1 => '1',
            _ => (b'1' + numbers.next(2)) as char,
        }
    };
    let masked: String = value.chars().map(other).collect();
    match time::parse(&masked) {
        Some(_) => masked,
        None => replace_text(value, numbers),
    }
}

/// Pseudorandom numbers, determined by a key, a value and the number of the attempt.
struct Numbers<'a> {
    key: &'a [u8; 32],
    value: &'a str,
    attempt: u32,
    block: [u8; 32],
    used: usize,
}

impl<'a> Numbers<'a> {
    fn new(key: &'a [u8; 32], value: &'a str, attempt: u32) -> Self {
        Self { key, value, attempt, block: [0; 32], used: 0 }
    }

    /// Returns a different character of an alphabet of `count` characters that begins with `first`.
    fn another(&mut self, character: char, first: u8, count: u8) -> char {
        let at = character as u8 - first;
        (first + (at + 1 + self.next(count - 1)) % count) as char
    }

    /// Returns a number below `below`.
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
