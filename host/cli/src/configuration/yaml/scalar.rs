//! Plain scalars: what they mean, and when a text needs quotes.

use super::Value;

/// Words that YAML 1.1 reads as a truth value or as nothing.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"];

/// Reads a plain scalar. A text that some readers of YAML take for something else is refused, with the reason.
pub fn resolve(text: &str) -> Result<Value, String> {
    match text {
        "" | "null" | "~" => Ok(Value::Null),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if is_json_number(text) => Ok(Value::Number(text.to_owned())),
        _ if is_word(text) => {
            let message = "is read in different ways by different programs; write it in quotes, or true, false or null";
            Err(format!("{text} {message}"))
        }
        _ if looks_like_number(text) => {
            Err(format!("{text} is a number to some programs and a text to others; write it in quotes, or as in JSON"))
        }
        _ if looks_like_time(text) => Err(format!("{text} is a date or a time to some programs; write it in quotes")),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// Returns true if a text is itself as a plain scalar, in every place and for every reader.
pub fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '_' | '/' | '$' | '.'));
    let is_quiet = text
        .chars()
        .all(|character| character.is_alphanumeric() || " _-./$+()'@^~;=[]{},!?&*%<>|\"".contains(character))
        || is_url_like(text);
    starts_well
        && is_quiet
        && !text.ends_with([' ', ':'])
        && !text.contains(" #")
        && !text.contains(": ")
        && matches!(resolve(text), Ok(Value::String(_)))
}

/// A colon within a word and without a space after it means nothing to YAML.
fn is_url_like(text: &str) -> bool {
    let is_quiet = |character: char| character.is_ascii_alphanumeric() || "_-./$+:@^~;=%?&".contains(character);
    text.chars().all(is_quiet)
}

fn is_word(text: &str) -> bool {
    WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn is_json_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// Numbers of YAML 1.1 and 1.2 that JSON does not have: `0x1F`, `0o17`, `017`, `1_000`, `+1`, `.5`, `1.`, `.inf`, `190:20:30`.
fn looks_like_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    let begins = lower.starts_with(|first: char| first.is_ascii_digit())
        || lower.strip_prefix('.').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    let is_digits = |digits: &str, radix| digits.chars().all(|digit| digit.is_digit(radix) || digit == '_');
    let of_radix = [("0x", 16), ("0o", 8), ("0b", 2)].iter().any(|(prefix, radix)| {
        lower.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && is_digits(rest, *radix))
    });
    let is_decimal = {
        let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        mantissa.chars().all(|digit| digit.is_ascii_digit() || matches!(digit, '_' | '.'))
            && mantissa.matches('.').count() <= 1
            && exponent.chars().all(|digit| digit.is_ascii_digit())
    };
    let is_sexagesimal =
        lower.contains(':') && lower.chars().all(|digit| digit.is_ascii_digit() || matches!(digit, ':' | '.' | '_'));
    begins && (of_radix || is_decimal || is_sexagesimal)
}

/// `2026-01-02`, also with a time.
fn looks_like_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut digits = |length: &[usize]| {
        let part = parts.next().unwrap_or_default();
        let number = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        length.contains(&number) && (number == part.len() || length.len() == 2)
    };
    digits(&[4]) && digits(&[1, 2]) && digits(&[1, 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_program_reads_in_one_way_is_read() {
        for text in ["null", "~", ""] {
            assert!(matches!(resolve(text), Ok(Value::Null)), "{text}");
        }
        for text in ["1", "-0", "39.50", "9007199254740993", "1e3", "1E-3", "-2.5e+10"] {
            assert!(matches!(resolve(text), Ok(Value::Number(number)) if number == text), "{text}");
        }
        for text in [
            "no",
            "No",
            "YES",
            "on",
            "Off",
            "y",
            "N",
            "True",
            "FALSE",
            "Null",
            "0x1F",
            "0o17",
            "017",
            "1_000",
            "+1",
            ".5",
            "1.",
            ".inf",
            "-.INF",
            ".nan",
            "12:30",
            "190:20:30",
            "2026-01-02",
            "2026-1-2",
            "2026-01-02T03:04:05Z",
            "0b11",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
        for text in ["shop", "1.2.0", "a:b", "data.total", "2026", "sha256:ab", "none", "order-1", "1a", "e3", "v1e3"] {
            assert!(matches!(resolve(text), Ok(Value::String(_) | Value::Number(_))), "{text}");
        }
    }

    #[test]
    fn quotes_are_written_where_they_are_needed() {
        for text in [
            "shop",
            "track/Order Completed",
            "data.items[0]",
            "Hi {{ data.name }}!",
            "https://example.com/a?b=c",
            "$first",
            "1.2.0",
            "sha256:ab",
            "order-paid",
        ] {
            assert!(is_plain(text), "{text}");
        }
        for text in [
            "",
            " a",
            "a ",
            "no",
            "1",
            "2026-01-02",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "*",
            "&a",
            "{a}",
            "a:",
            "é\u{7}",
            "?",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
