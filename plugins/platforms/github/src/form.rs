//! The URL-encoded form that GitHub sends for the content type `application/x-www-form-urlencoded`: `payload=` and the
//! JSON.

use inlet_plugin::{Node, Notice};

/// The host rejects JSON with deeper nesting.
const DEEPEST: usize = 128;

/// Returns the JSON text of a form; `None` if the body is not such a form.
pub(crate) fn payload(body: &str) -> Option<Result<String, Notice>> {
    let encoded = body.trim_ascii().strip_prefix("payload=")?;
    let mut rest = encoded.split_once('&').map_or(encoded, |(payload, _)| payload).as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped =
            behind.get(..2).filter(|_| byte == b'%').and_then(hexadecimal).and_then(|byte| byte.try_into().ok());
        bytes.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    const SENTENCE: &str = "The form's `payload` is not UTF-8. Send JSON encoded as UTF-8, then URL-encoded.";
    Some(String::from_utf8(bytes).map_err(|_| Notice::new("not_utf8", SENTENCE)))
}

/// Parses the JSON of a form's payload. JSON that the host does not store is rejected here, because a plugin must not
/// write it.
pub(crate) fn read(payload: &str) -> Result<Node<'_>, Notice> {
    let refused = |reason: &str| {
        let sentence = format!("The form's `payload` is not JSON: {reason}. Set the webhook's content type to JSON.");
        Notice::new("not_json", sentence)
    };
    let body = Node::parse(payload, "").map_err(|error| refused(&error.to_string()))?;
    match is_storable(body.raw()) {
        true => Ok(body),
        false => {
            Err(refused("it is nested deeper than 128 levels, or holds a lone surrogate, which is no Unicode text"))
        }
    }
}

/// Returns true if the nesting is within the host's limit and every high surrogate (`\ud800` to `\udbff`) is followed
/// by a low one.
fn is_storable(json: &str) -> bool {
    let (mut depth, mut in_string, mut half) = (0_usize, false, false);
    let mut rest = json.as_bytes();
    while let Some(&byte) = rest.first() {
        let unit = rest.get(2..6).filter(|_| rest.starts_with(b"\\u")).and_then(hexadecimal);
        if unit.is_some_and(|unit| (0xDC00..0xE000).contains(&unit)) != half {
            return false;
        }
        half = unit.is_some_and(|unit| (0xD800..0xDC00).contains(&unit));
        match byte {
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
        let length = if unit.is_some() { 6 } else { 1 + usize::from(byte == b'\\') };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}
