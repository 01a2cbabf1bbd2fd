//! The table of attacks.

use crate::{
    generator::answers::Answers,
    table::{Table, number},
};

/// The server's bound on the bodies that it holds (`max_in_flight_bytes`, its default), and what everything else may
/// need beside them, in bytes.
const BOUND: u64 = (256 << 20) + 150_000_000;
/// The longest acceptable 99th percentile of the other source during an attack, in milliseconds.
const SLOWEST: f64 = 2500.0;

/// The results of one attack.
#[derive(Debug)]
pub struct Report {
    pub what: &'static str,
    /// Bytes that the attack sent.
    pub sent: u64,
    /// The answers that the attack got.
    pub answers: String,
    /// Peak memory above that of the server at rest, in bytes.
    pub peak: u64,
    /// The same after the attack.
    pub resident: u64,
    /// Events of the other sender that were answered 200 and not executed, where they had to be.
    pub lost: Option<u64>,
    /// The other source's answers before, during and after the attack.
    pub before: Answers,
    pub during: Answers,
    pub after: Answers,
    /// True if the attack was ended before its time, because the server held too much memory.
    pub was_stopped: bool,
}

impl Report {
    /// Returns what is wrong, in words; empty if nothing is.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.was_stopped {
            faults.push("memory; ended early".to_owned());
        } else if self.peak > BOUND {
            faults.push("memory".to_owned());
        }
        let others = self.during.due() - self.during.count(200);
        if others > 0 {
            faults.push(format!("{others} of the other's {} not 200", self.during.due()));
        }
        if self.during.milliseconds(200, 0.99).is_none_or(|p99| p99 > SLOWEST) {
            faults.push("the other waits".to_owned());
        }
        if let Some(lost @ 1..) = self.lost {
            faults.push(format!("{lost} of the other's not executed"));
        }
        if self.after.due() != self.after.count(200) {
            faults.push(format!("afterwards {}", self.after.summary()));
        }
        faults
    }
}

/// Returns the table of all attacks.
pub fn table(reports: &[Report]) -> Table {
    let mut table = Table::default();
    let heading =
        ["Attack", "sent", "peak", "after", "p99 before", "during", "", "other's answers", "attacker's answers"];
    table.cells(heading.map(str::to_owned));
    let megabytes = |bytes: u64| number(bytes as f64 / 1e6);
    for report in reports {
        let p99 = |answers: &Answers| answers.milliseconds(200, 0.99).map_or_else(|| "–".to_owned(), number);
        let faults = report.faults();
        let verdict = if faults.is_empty() { "ok".to_owned() } else { format!("SHORT: {}", faults.join(", ")) };
        table.cells([
            format!("  {}", report.what),
            megabytes(report.sent),
            megabytes(report.peak),
            megabytes(report.resident),
            p99(&report.before),
            p99(&report.during),
            verdict,
            report.during.summary(),
            report.answers.clone(),
        ]);
    }
    table.note(format!(
        "sent: megabytes on the wire. peak, after: the server's resident megabytes above those at rest; peak at most {}.",
        megabytes(BOUND)
    ));
    table.note(format!(
        "p99: milliseconds of another source in another environment that gets 100 events/s, before and during the \
         attack, at most {}; every answer of it must be 200.",
        number(SLOWEST)
    ));
    table.note("Where the other is a sender of the same source, it sends 2 events/s, and all must be executed.");
    table
}
