//! An error and its causes in one line.

/// Returns an error with its causes after colons. A cause whose text stands in the line already is left out: many errors
/// repeat their cause in their own sentence.
pub fn error_sentence(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if line.is_empty() {
            line = text;
        } else if !line.contains(text.trim()) {
            line = format!("{line}: {text}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::error_sentence;

    #[derive(Debug, thiserror::Error)]
    #[error("options.volume: {0}")]
    struct Repeating(#[source] std::num::ParseIntError);

    #[test]
    fn a_cause_is_written_once() {
        let wrong = "x".parse::<u8>().unwrap_err();
        let error = anyhow::Error::new(Repeating(wrong.clone())).context("plugin.toml");
        assert_eq!(error_sentence(&error), "plugin.toml: options.volume: invalid digit found in string");
        let error = Err::<(), _>(wrong).context("cannot read a.json").unwrap_err();
        assert_eq!(error_sentence(&error), "cannot read a.json: invalid digit found in string");
    }
}
