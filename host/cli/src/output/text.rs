//! Text that came from elsewhere, made safe for a terminal.

/// Returns a text without control characters and without characters that change the direction of what follows. A line
/// break or a tab becomes a space.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' => Some(' '),
            character if drives_terminal(character) => None,
            character => Some(character),
        })
        .collect()
}

/// Returns a text of several lines, each of them clean.
pub fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// Returns true for a character that a terminal obeys, or that hides or reorders others.
pub fn drives_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Returns at most `length` characters of a text, the last one an ellipsis if more follow.
pub fn shorten(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => text.chars().take(length.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Returns a number and its noun.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(clean("a\u{1b}[31mb\u{9b}2J\u{7}\u{202e}c\r\nd\te"), "a[31mb2Jc  d e");
        assert_eq!(clean("Zoë 日本 👍"), "Zoë 日本 👍");
        assert_eq!(clean_lines("a\u{1b}[31m\nb\u{9b}2J\n"), "a[31m\nb2J");
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis() {
        assert_eq!((shorten("abc", 3), shorten("abcd", 3)), ("abc".to_owned(), "ab…".to_owned()));
    }
}
