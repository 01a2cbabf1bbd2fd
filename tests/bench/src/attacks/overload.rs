//! Three times the capacity, from one source.

use std::time::Duration;

use super::{Attack, sender::Victim};
use crate::{
    generator::{
        Aim,
        answers::Answers,
        driver::{self, Load},
    },
    measure::progress,
    overload::{KINDS, Kind, TIMES},
    table::number,
    template::Template,
};

/// Events per second that are taken as the capacity: what two cores of today store at best.
const CAPACITY: [f64; 2] = [40_000.0, 80_000.0];

/// The attacks of this file.
pub const ATTACKS: [Attack; 2] = [
    Attack {
        key: "overload",
        what: "120,000 single events a second",
        run: |victim, _| Box::pin(send(victim, KINDS[0], CAPACITY[0])),
        ..Attack::DEFAULT
    },
    Attack {
        key: "overload-batches",
        what: "240,000 events a second in batches of 1,000",
        run: |victim, _| Box::pin(send(victim, KINDS[1], CAPACITY[1])),
        ..Attack::DEFAULT
    },
];

/// Runs the generator on a thread of its own.
async fn send(victim: Victim, kind: Kind, capacity: f64) {
    let Kind { events, connections, .. } = kind;
    let aim = Aim { address: victim.address, template: Template::new(&victim.path, events) };
    let load = Load {
        rate: TIMES * capacity / events as f64,
        // It ends before the attack's time, with all its connections opened before.
        time: super::TIME - Duration::from_secs(2),
        warm_up: Duration::ZERO,
        connections,
        waiting: connections,
        patience: Duration::from_millis(500),
        has_priority: false,
    };
    let bytes = aim.template.clone().next().len() as u64;
    // The thread counts by itself: nobody waits for it when the attack is over.
    let _ = tokio::task::spawn_blocking(move || match driver::run(&aim, load) {
        Ok(answers) => count(&victim, &answers, bytes),
        Err(error) => progress(&format!("the attack failed: {error:#}")),
    })
    .await;
}

fn count(victim: &Victim, answers: &Answers, bytes: u64) {
    victim.counts.add_bytes(bytes * (answers.due() - answers.unsent));
    answers.statuses.iter().for_each(|(status, answered)| victim.counts.add_answers(*status, answered.count));
    let p99 = |status| answers.milliseconds(status, 0.99).map_or_else(|| "–".to_owned(), number);
    progress(&format!("  p99 of 200: {} ms, of 503: {} ms; {}", p99(200), p99(503), answers.summary()));
}
