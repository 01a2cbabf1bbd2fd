//! The output of commands: data on standard output, messages on standard error.
//!
//! Data is a table or lines for people, and with `--json` the server's own JSON, digit for digit. Text that came from
//! elsewhere passes [`text::clean`] before people see it, so that a payload cannot drive the terminal.

mod confirm;
mod details;
mod json;
mod pages;
mod progress;
mod table;
pub mod text;

use serde_json::Value;

pub use self::{
    confirm::Confirmation,
    details::Details,
    json::{print_json, shown_json},
    pages::{PageArguments, list, reach, whole_list},
    progress::{byte_bar, progress_bar, set_total, spinner},
    table::{table, tinted},
};

use std::io::Write as _;

use anyhow::Context as _;

/// The form of the output.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OutputArguments {
    /// Print JSON, as the server's API gives it
    #[arg(long)]
    pub json: bool,
}

impl OutputArguments {
    /// Ends a command that changed something: prints the result as JSON if it is wanted, and else the sentence as a message.
    pub fn finish(self, result: &Value, sentence: &str) -> anyhow::Result<()> {
        match self.json {
            true => print_json(&result.to_string()),
            false => {
                note(sentence);
                Ok(())
            }
        }
    }

    /// Prints a result: as JSON if it is wanted, and else as lines for people.
    pub fn print(self, result: &Value, lines: &str) -> anyhow::Result<()> {
        match self.json {
            true => print_json(&result.to_string()),
            false => print_text(lines),
        }
    }
}

/// Prints lines for people, without control characters.
pub fn print_text(text: &str) -> anyhow::Result<()> {
    text.trim_end().lines().try_for_each(|line| print(&text::clean(line)))
}

/// Prints a line of data.
pub fn print(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    // A reader that has enough, such as `head`, is no failure; `exit_code` tells it from others.
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("cannot write to the standard output")
}

/// Prints a message for the person at the terminal, without control characters.
pub fn note(message: &str) {
    eprintln!("{}", text::clean_lines(message));
}
