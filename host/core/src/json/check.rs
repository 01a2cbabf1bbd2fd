//! Checks of JSON text: syntax, nesting and lone surrogates.

/// The deepest nesting of an item (semantics.md §2).
pub const MAX_DEPTH: usize = 128;

/// A refusal of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The text is not JSON.
    #[error("it is not valid JSON: {reason} at line {line} column {column}")]
    Syntax {
        /// The parser's message without the place.
        reason: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The text is nested too deeply.
    #[error("it is nested deeper than {limit} levels; send a flatter object")]
    Depth {
        /// The number of levels allowed.
        limit: usize,
    },
    /// A `\uD800`–`\uDFFF` escape without its other half: no Unicode text can hold it.
    #[error("it holds a lone surrogate (an escape from \\uD800 to \\uDFFF without its pair); send valid Unicode")]
    LoneSurrogate,
}

/// Checks that a text is JSON, at most `max_depth` levels deep, without lone surrogates.
pub fn check(text: &str, max_depth: usize) -> Result<(), Malformed> {
    serde_json::from_str::<&serde_json::value::RawValue>(text).map_err(|error| Malformed::Syntax {
        reason: reason(&error),
        line: error.line(),
        column: error.column(),
    })?;
    inspect(text, max_depth)
}

fn reason(error: &serde_json::Error) -> String {
    // serde_json appends the place, which the error shows by itself.
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Checks depth and surrogates of a text that is known to be JSON. One pass over the bytes.
pub fn inspect(text: &str, max_depth: usize) -> Result<(), Malformed> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > max_depth {
                    return Err(Malformed::Depth { limit: max_depth });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = after_string(bytes, at)?,
            _ => {}
        }
    }
    Ok(())
}

/// Returns the offset behind the closing quote of a string whose first character is at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr2(b'"', b'\\', rest) else { return Ok(bytes.len()) };
        at += step + 1;
        if rest[step] == b'"' {
            return Ok(at);
        }
        // Behind a backslash: one character, or `u` and four digits.
        if bytes.get(at) != Some(&b'u') {
            at += 1;
            continue;
        }
        match unit(bytes, at + 1) {
            Some(0xD800..=0xDBFF) => {
                let pair =
                    bytes.get(at + 5..at + 7) == Some(b"\\u") && matches!(unit(bytes, at + 7), Some(0xDC00..=0xDFFF));
                if !pair {
                    return Err(Malformed::LoneSurrogate);
                }
                at += 11;
            }
            Some(0xDC00..=0xDFFF) => return Err(Malformed::LoneSurrogate),
            _ => at += 5,
        }
    }
}

fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}
