//! `inlet-bench attack`: hostile and unlucky senders against a real server, one server for each attack.
//!
//! While one source is attacked, another source, in another environment, gets a modest and steady load. The table says
//! what the attack cost: memory, and the answers of the other source.
//!
//! Each file holds the attacks of one kind. An attack is a number of connections that all run the same function until
//! its time is over.

mod batches;
mod floods;
mod gzip;
mod odd_requests;
mod overload;
mod report;
mod sender;
mod slow_bodies;
mod too_many_items;
mod unread_answers;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::{runtime::Runtime, task::JoinSet, time::Instant};

use self::{
    report::Report,
    sender::{Counts, Victim},
};
use crate::{
    generator::{
        Aim,
        answers::Answers,
        driver::{self, Load},
    },
    measure::progress,
    metrics::{Change, Metrics},
    scenario::{Scenario, Scheme},
    server::Server,
    setup::Setup,
    table::Table,
    usage::Usage,
};

/// The duration of an attack.
pub const TIME: Duration = Duration::from_secs(7);
/// The time for which the other source is measured before the attack.
const BEFORE: Duration = Duration::from_secs(2);
/// The time for which the other source's last answers are awaited after the attack.
const PATIENCE: Duration = Duration::from_secs(10);
/// Resident memory at which an attack is ended, so that it does not end the machine.
const ENOUGH: u64 = 3 << 30;

/// The future of one connection.
type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An attack.
#[derive(Debug, Clone, Copy)]
pub struct Attack {
    /// The name for `--only`.
    key: &'static str,
    /// The name in the table.
    what: &'static str,
    source: Source,
    other: Other,
    time: Duration,
    connections: usize,
    /// The function that each connection runs. It gets its number, and is dropped when the time is over.
    run: fn(Victim, usize) -> Running,
}

impl Attack {
    const DEFAULT: Self = Self {
        key: "",
        what: "",
        source: Source::Unsigned,
        other: Other::Elsewhere,
        time: TIME,
        connections: 1,
        run: |_, _| Box::pin(std::future::ready(())),
    };
}

/// The attacked source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Unsigned,
    /// It verifies signatures and refuses others.
    Signed,
    /// Unsigned, and its events have effects.
    Executed,
}

/// Who must not notice the attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    /// A source in another environment.
    Elsewhere,
    /// Another sender of the attacked source, whose events must be executed.
    SameSource,
}

impl Other {
    /// Returns the other's requests per second. A plugin is quarantined by the share of its failures, so another sender
    /// of the same source must send less than the attacker.
    fn rate(self) -> f64 {
        match self {
            Self::Elsewhere => 100.0,
            Self::SameSource => 2.0,
        }
    }
}

/// Returns all attacks.
fn all() -> Vec<Attack> {
    let mut attacks: Vec<Attack> = Vec::new();
    attacks.extend(gzip::ATTACKS);
    attacks.extend(batches::ATTACKS);
    attacks.extend(slow_bodies::ATTACKS);
    attacks.extend(too_many_items::ATTACKS);
    attacks.extend(unread_answers::ATTACKS);
    attacks.extend(overload::ATTACKS);
    attacks.extend(odd_requests::ATTACKS);
    attacks.extend(floods::ATTACKS);
    attacks
}

/// Runs the attacks with these keys, or all, and returns the table.
pub fn run(setup: &Setup, only: &[String]) -> anyhow::Result<Table> {
    let attacks = all();
    let keys: Vec<&str> = attacks.iter().map(|attack| attack.key).collect();
    for key in only {
        ensure!(keys.contains(&key.as_str()), "there is no attack {key:?}; there are {}", keys.join(", "));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut reports = Vec::new();
    for attack in attacks.iter().filter(|attack| only.is_empty() || only.iter().any(|key| key == attack.key)) {
        progress(attack.what);
        reports.push(carry_out(setup, attack, &runtime).with_context(|| attack.key)?);
    }
    Ok(report::table(&reports))
}

fn carry_out(setup: &Setup, attack: &Attack, runtime: &Runtime) -> anyhow::Result<Report> {
    let scenario = match attack.source {
        Source::Unsigned => Scenario::Logged,
        Source::Signed => Scenario::Credential { scheme: Scheme::Signature, enforced: true },
        Source::Executed => Scenario::Executed,
    };
    let server = Server::start(setup.program(), scenario)?;
    let other = match attack.other {
        Other::Elsewhere => server.create_elsewhere("other")?,
        Other::SameSource => server.aim(),
    };
    let before = send(&other, attack.other, BEFORE)?;
    let usage = server.process().usage();
    let counts = Arc::new(Counts::default());
    let victim = Victim { address: other.address, path: server.path().to_owned(), counts: counts.clone() };
    let scrape = Metrics::scrape(other.address)?;
    let attacking = runtime.spawn(attack_until(*attack, victim, Instant::now() + attack.time, usage));
    let during = send(&other, attack.other, attack.time)?;
    let was_stopped = runtime.block_on(attacking)?;
    // What was accepted late is written by then.
    let after = send(&other, attack.other, Duration::from_secs(1))?;
    let executed = Metrics::scrape(other.address).ok().and_then(|after| {
        let change = Change { before: scrape, after };
        change.of("inlet_events_total", Some(("outcome", "executed")))
    });
    let report = Report {
        what: attack.what,
        sent: counts.bytes(),
        answers: counts.answers(),
        peak: usage.peak()?.saturating_sub(server.idle),
        resident: usage.resident()?.saturating_sub(server.idle),
        lost: (attack.other == Other::SameSource).then(|| {
            let taken = during.count(200) + after.count(200);
            taken.saturating_sub(executed.unwrap_or_default() as u64)
        }),
        before,
        during,
        after,
        was_stopped,
    };
    // A server that is still busy with the attack need not be waited for.
    drop(server);
    Ok(report)
}

/// Sends the other source's requests.
fn send(aim: &Aim, other: Other, time: Duration) -> anyhow::Result<Answers> {
    let (rate, warm_up, waiting) = (other.rate(), Duration::ZERO, usize::MAX);
    driver::run(aim, Load { rate, time, warm_up, connections: 64, waiting, patience: PATIENCE, has_priority: true })
}

/// Runs all connections of an attack, and returns true if it was ended because the server held too much memory.
async fn attack_until(attack: Attack, victim: Victim, until: Instant, usage: Usage) -> bool {
    let mut connections = JoinSet::new();
    for index in 0..attack.connections {
        connections.spawn((attack.run)(victim.clone(), index));
    }
    let mut was_stopped = false;
    while Instant::now() < until && !was_stopped {
        tokio::time::sleep(Duration::from_millis(20)).await;
        was_stopped = usage.resident().is_ok_and(|bytes| bytes > ENOUGH);
    }
    connections.shutdown().await;
    was_stopped
}
