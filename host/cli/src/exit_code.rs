//! Exit codes. The help of `inlet` and host/cli/README.md list them.

use std::{io, process::ExitCode};

use crate::client::{ServerError, is_temporary};

/// The server, or what was asked for, was not found.
const NOT_FOUND: u8 = 3;
/// There are changes to make.
pub const HAS_CHANGES: u8 = 10;
/// EX_TEMPFAIL of sysexits: nothing answers, or it cannot carry the request out now.
pub const TRY_AGAIN: u8 = 75;
/// EX_NOPERM of sysexits: there is no credential, or it does not permit this.
const NO_PERMISSION: u8 = 77;
/// The command line is wrong, as clap has it.
const USAGE: u8 = 2;

/// The exit codes and their meanings, for the help. The table in README.md has the same words.
pub const TABLE: [(u8, &str); 7] = [
    (0, "Done."),
    (
        1,
        "It failed, or only a part was done; `status --check`: something needs attention; `validate`: the files have \
         faults.",
    ),
    (USAGE, "The command line is wrong, or what cannot be taken back was not confirmed."),
    (NOT_FOUND, "What was named does not exist."),
    (HAS_CHANGES, "`plan`: there are changes to make."),
    (TRY_AGAIN, "No server answers, or it cannot do it now: try again later."),
    (
        NO_PERMISSION,
        "There is no token or key, it is not known, or it does not permit this; or its file is open to others.",
    ),
];

/// Returns the table as the end of a help text.
pub fn help() -> String {
    let lines: Vec<String> = TABLE.iter().map(|(code, meaning)| format!("  {code:>2}  {meaning}")).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

/// The command line is wrong in a way that the parser cannot tell.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Something that the command line names does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotFound(pub String);

/// There is no credential to call the server with, or one that is not safe to use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoCredential(pub String);

/// Returns the exit code of an error.
pub fn of(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(code(error))
}

/// Returns true if the reader of the output went away, which is no failure: it has enough.
pub fn is_reader_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
        && !error.chain().any(|cause| cause.is::<ureq::Error>())
}

fn code(error: &anyhow::Error) -> u8 {
    let of_server = error.chain().find_map(|cause| match cause.downcast_ref::<ServerError>() {
        Some(ServerError(body)) => match body.code.as_str() {
            "not_found" => Some(NOT_FOUND),
            "unauthorized" | "forbidden" => Some(NO_PERMISSION),
            _ => None,
        },
        None if cause.is::<Usage>() => Some(USAGE),
        None if cause.is::<NotFound>() => Some(NOT_FOUND),
        None if cause.is::<NoCredential>() => Some(NO_PERMISSION),
        None => None,
    });
    match of_server {
        Some(code) => code,
        None if is_temporary(error) => TRY_AGAIN,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use inlet_api_types::ErrorBody;

    use super::*;

    #[test]
    fn a_program_can_tell_what_went_wrong() {
        let server = |code: &str| {
            let body = ErrorBody { code: code.to_owned(), message: "no".to_owned(), field: None };
            super::code(&anyhow::Error::new(ServerError(body)).context("while listing"))
        };
        assert_eq!(server("not_found"), 3);
        assert_eq!((server("unauthorized"), server("forbidden")), (77, 77));
        assert_eq!((server("unavailable"), server("invalid"), server("conflict")), (75, 1, 1));
        assert_eq!((server("too_many_requests"), server("request_timeout")), (75, 75));
        assert_eq!(code(&anyhow::Error::new(ureq::Error::HostNotFound).context("no server answers")), 75);
        assert_eq!(code(&NoCredential("x".to_owned()).into()), 77);
        assert_eq!(code(&Usage("x".to_owned()).into()), 2);
        assert_eq!(code(&anyhow::anyhow!("x")), 1);
    }

    #[test]
    fn the_page_has_the_table_of_the_help() {
        let page = include_str!("../README.md");
        let rows: Vec<String> = TABLE.iter().map(|(code, meaning)| format!("| {code} | {meaning} |")).collect();
        assert!(page.contains(&rows.join("\n")), "README.md has another table than\n{}", rows.join("\n"));
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_server_that_went_away() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_reader_gone(&Err::<(), _>(pipe()).context("cannot write").unwrap_err()));
        assert!(!is_reader_gone(&anyhow::Error::new(ureq::Error::Io(pipe()))));
    }
}
