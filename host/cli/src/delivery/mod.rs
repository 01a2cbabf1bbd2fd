//! `inlet delivery`: the calls by which runs reach their targets.

mod discard;
mod list;
mod redrive;
mod selection;
mod show;

use inlet_api_types::deliveries::Delivery;

use crate::{
    enum_word::word,
    output::{table, text::shorten},
};

/// The longest error in a table. `inlet delivery show` gives it whole.
const ERROR: usize = 80;

/// A subcommand of `inlet delivery`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the deliveries of an environment
    List(list::Arguments),
    /// Show one delivery with its attempts
    Show(show::Arguments),
    /// Send again what was given up
    Redrive(redrive::Arguments),
    /// Discard what waits
    Discard(discard::Arguments),
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Redrive(arguments) => redrive::run(arguments),
        Command::Discard(arguments) => discard::run(arguments),
    }
}

/// Returns the table of deliveries.
pub(crate) fn deliveries_table(deliveries: Vec<Delivery>) -> String {
    let rows = deliveries.into_iter().map(|delivery| {
        let status = word(&delivery.status);
        let error = delivery.last_error.filter(|_| status != "delivered").unwrap_or_default();
        let attempts = delivery.attempts.to_string();
        let next = delivery.next_attempt_at.unwrap_or_default();
        [delivery.id, delivery.target, delivery.workflow, status, attempts, next, shorten(&error, ERROR)]
    });
    table(["ID", "TARGET", "WORKFLOW", "STATUS", "ATTEMPTS", "NEXT", "ERROR"], rows)
}
