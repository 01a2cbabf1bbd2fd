//! The time that every page of the dashboard takes while many events are stored, and what else they cost there: the rate at which
//! more are executed, against an empty store.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::json;

use super::{browser::Browser, crawl};
use crate::{
    deliveries::target::WebhookTarget,
    full_store,
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target, number},
};

const TARGET: WebhookTarget = WebhookTarget::named("crm");
/// The times that a page is loaded in a round.
const LOADS: usize = 20;
/// Requests that no platform would send, so that there are refused and unreadable ones too.
const UNREADABLE: usize = 200;
/// The longest time that 95 of 100 loads of a page may take, in milliseconds.
const MOST: f64 = 100.0;

/// The slowest acceptable indexing of the logs, in events per second.
const SLOWEST_INDEXING: u64 = 1_000;

/// The results.
#[derive(Debug)]
pub struct Pages {
    /// The number of stored events, each with a run and a delivery that waits.
    stored: u64,
    /// The time within which 95 of 100 loads are done, in milliseconds, by kind of page.
    p95: BTreeMap<String, Series>,
    /// Executed events per second while they were stored, in batches.
    filling: f64,
    /// Executed events per second, each with a delivery that waits, on an empty store and on the full one.
    empty: Series,
    full: Series,
}

/// Fills a store, follows all links, then loads every kind of page in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Pages> {
    let mut server = start(setup)?;
    progress(&format!("storing {} executed events with deliveries", setup.stored));
    let filling = full_store::fill(&server, setup.stored)?;
    server.send_unreadable(UNREADABLE)?;
    // The pages of an operator who comes later: nothing is in memory but what a start reads.
    server = server.restart()?;
    progress("waiting until the logs are indexed");
    wait_for_index(&server, Duration::from_secs(60 + setup.stored / SLOWEST_INDEXING))?;
    server.vacuum();
    let browser = Browser::sign_in(server.process().address, server.token())?;
    let kinds = crawl::kinds(&browser)?;
    let (p95s, empty, full) = (BTreeMap::new(), Series::default(), Series::default());
    let mut found = Pages { stored: setup.stored, p95: p95s, filling, empty, full };
    for round in 1..=setup.rounds {
        progress(&format!("{} pages of the dashboard, round {round} of {}", kinds.len(), setup.rounds));
        for (kind, address) in &kinds {
            let p95 = p95(&browser, address)?;
            found.p95.entry(kind.clone()).or_default().push(p95);
        }
    }
    for round in 1..=setup.rounds {
        progress(&format!("executed beside {} events and deliveries, round {round} of {}", setup.stored, setup.rounds));
        let empty = start(setup)?;
        // The order alternates, so that neither always runs first.
        if round % 2 == 1 {
            found.empty.push(measure_maximum(setup, &empty)?.0);
            found.full.push(measure_maximum(setup, &server)?.0);
        } else {
            found.full.push(measure_maximum(setup, &server)?.0);
            found.empty.push(measure_maximum(setup, &empty)?.0);
        }
        empty.stop()?;
    }
    server.stop()?;
    Ok(found)
}

/// Starts a server whose deliveries wait, so that there is one for each event.
fn start(setup: &Setup) -> anyhow::Result<Server> {
    let server = Server::start(setup.program(), Scenario::Executed)?;
    TARGET.put(&server, "http://127.0.0.1:9/", true, &json!({}))?;
    TARGET.pause(&server)?;
    Ok(server)
}

/// Waits for the end of the first run of the job that indexes logs. Events are stored here faster than senders send them.
fn wait_for_index(server: &Server, most: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + most;
    loop {
        let system = server.get("/v1/system")?;
        let jobs = system["jobs"].as_array().into_iter().flatten();
        if jobs.into_iter().any(|job| job["name"] == "log_index" && job["outcome"] == "succeeded") {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "the logs are not indexed after {most:?}: {system}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Loads a page many times, and returns the time within which 95 of 100 loads are done, in milliseconds.
fn p95(browser: &Browser, address: &str) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(LOADS);
    for _ in 0..LOADS {
        let page = browser.get(address)?;
        ensure!(page.status == 200, "{address} answers {}", page.status);
        times.push(page.time);
    }
    times.sort_unstable();
    Ok(times[LOADS * 95 / 100 - 1].max(Duration::ZERO).as_secs_f64() * 1000.0)
}

impl Pages {
    /// Adds the results to the table, the slowest page first.
    pub fn add_to(&self, table: &mut Table) {
        let what = format!("Pages of the dashboard with {} stored events, p95", number(self.stored as f64));
        table.heading(&what, "");
        let mut pages: Vec<_> = self.p95.iter().collect();
        pages.sort_by(|one, other| other.1.median().unwrap_or_default().total_cmp(&one.1.median().unwrap_or_default()));
        for (kind, series) in pages {
            table.line(Line::new(kind, "ms", series.clone()).target(Target::AtMost(MOST)));
        }
        let stored = number(self.stored as f64);
        table.heading(&format!("With {stored} stored events, each with a delivery that waits"), "÷ empty");
        table.line(Line::new("executed, on an empty store", "events/s", self.empty.clone()));
        let full = Line::new(format!("executed, after {stored} events"), "events/s", self.full.clone());
        table.line(full.ratio(self.full.divided_by(&self.empty)).target(Target::AtLeast(0.95)));
        table.line(Line::new("while it was filled, in batches of 100", "events/s", Series::from_iter([self.filling])));
    }
}
