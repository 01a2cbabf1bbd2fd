//! An error and its causes in one line.

use crate::{output::text::clean_lines, route_commands::with_commands};

/// Returns an error with its causes after colons. A cause whose text stands in the line already is left out: many errors
/// repeat their cause in their own sentence. It is for people: without control characters, and with commands in place of
/// the API's routes.
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
    with_commands(&clean_lines(&line))
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use inlet_api_types::ErrorBody;

    use super::error_sentence;
    use crate::client::ServerError;

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

    #[test]
    fn a_sentence_of_the_server_names_commands_and_drives_no_terminal() {
        let message = "there is no source \"a\u{9b}2J\"; GET /v1/sources lists those there are".to_owned();
        let error = ServerError(ErrorBody { code: "not_found".to_owned(), message, field: None });
        insta::assert_snapshot!(error_sentence(&error.into()), @r#"there is no source "a2J"; `inlet source list` lists those there are"#);
    }
}
