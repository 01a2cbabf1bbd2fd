//! The server's metrics. The operator's configuration bounds the number of labels.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use inlet_core::{
    actions::{ActionType, Status},
    log::Outcome,
};
use inlet_store::Settled;
use metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::tally::{self, Tally};

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts the metrics. Call it before anything is counted.
pub fn init() -> Result<(), BuildError> {
    if PROMETHEUS.get().is_some() {
        return Ok(());
    }
    const SECONDS: [f64; 12] = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];
    const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES)?
        .install_recorder()?;
    let _ = PROMETHEUS.set(handle);
    describe_counter!("inlet_requests_total", "Webhook requests by the status that they were answered.");
    describe_counter!("inlet_events_total", "Items of requests by what became of them.");
    describe_counter!("inlet_actions_total", "Actions of mappings by type and status: success, skipped or error.");
    describe_counter!("inlet_refused_total", "Requests that were not accepted, by cause.");
    describe_counter!(
        "inlet_refused_not_kept_total",
        "Requests that verification refused and that were not kept, because too much was waiting to be stored."
    );
    describe_counter!("inlet_unverified_total", "Requests that were refused because they did not verify, by cause.");
    describe_counter!(
        "inlet_unrouted_total",
        "Requests to endpoints that do not exist and for paths that lead nowhere, by cause."
    );
    describe_counter!("inlet_unreadable_requests_total", "Requests that could not be read as HTTP, by status.");
    describe_histogram!("inlet_writer_settle_seconds", "Time that a group commit spent on carrying out its events.");
    describe_histogram!("inlet_writer_write_seconds", "Time that a group commit spent on writing its rows.");
    describe_counter!("inlet_plugin_faults_total", "Calls into a plugin that ended in a fault, by limit or cause.");
    describe_histogram!("inlet_stage_seconds", "Time spent on a request, by stage.");
    describe_histogram!("inlet_sandbox_seconds", "Time spent in a plugin's sandbox, from taking it to dropping it.");
    describe_histogram!("inlet_writer_batch_size", "Events in one group commit.");
    describe_histogram!("inlet_writer_commit_seconds", "Time that a group commit took to become durable.");
    describe_counter!("inlet_job_runs_total", "Runs of background jobs, by job and outcome.");
    describe_histogram!("inlet_job_seconds", "Time that a run of a background job took.");
    describe_gauge!(
        "inlet_job_last_success_timestamp_seconds",
        "Time of the last run of a background job that succeeded, in seconds since 1970."
    );
    describe_counter!("inlet_delivery_attempts_total", "Attempts of deliveries, by environment, target and outcome.");
    describe_histogram!(
        "inlet_delivery_seconds",
        "Time that an attempt of a delivery took, by environment and target."
    );
    describe_histogram!(
        "inlet_delivery_turn_seconds",
        "Time that a turn of the dispatcher took: writing what ended, claiming what is due, and the wait for the writer."
    );
    describe_gauge!("inlet_needs_attention", "Items that failed or were rejected, and refused requests, by cause.");
    describe_gauge!("inlet_deliveries_open", "Deliveries that are not sent yet or are tried again, by target.");
    describe_gauge!(
        "inlet_deliveries_oldest_age_seconds",
        "Age of the oldest open delivery, by target; 0 if there is none."
    );
    describe_gauge!("inlet_target_stopped", "1 where a target is paused or disabled and its deliveries wait; else 0.");
    describe_gauge!("inlet_plugin_quarantined", "1 where a plugin fails on most requests and is not run; else 0.");
    describe_gauge!(
        "inlet_store_time_behind_seconds",
        "Seconds by which the time that retention and idempotency windows are counted by is behind the system's clock."
    );
    describe_gauge!("inlet_writer_queue", "Requests that wait for the writer.");
    describe_gauge!("inlet_in_flight_bytes", "Bytes held by requests, until they are written or dropped.");
    describe_gauge!(
        "inlet_in_flight_largest_source_bytes",
        "Bytes held by the source environment that holds the most."
    );
    describe_gauge!("inlet_in_flight_requests", "Requests whose body was read and that are not answered yet.");
    describe_gauge!("inlet_sandboxes_free", "Sandboxes that nobody uses.");
    Ok(())
}

/// Returns the metrics in Prometheus' text format.
pub fn render() -> String {
    PROMETHEUS.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds the samples of histograms. Call it every few seconds, or memory grows with traffic.
pub fn upkeep() {
    if let Some(handle) = PROMETHEUS.get() {
        handle.run_upkeep();
    }
}

/// The stages of a request, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the body.
    Receive,
    /// Checking the credential.
    Verify,
    /// The plugin's translation.
    Translate,
    /// Cutting out values and resolving mappings.
    Plan,
    /// Becoming durable.
    Commit,
    /// The whole request.
    Total,
}

/// The stages with their names, in the order in which the store counts them.
pub const STAGES: [(Stage, &str); tally::STAGES] = [
    (Stage::Receive, "receive"),
    (Stage::Verify, "verify"),
    (Stage::Translate, "translate"),
    (Stage::Plan, "plan"),
    (Stage::Commit, "commit"),
    (Stage::Total, "total"),
];

/// The metrics of one source environment. They appear with the first request.
pub struct Meters {
    source: String,
    environment: String,
    plugin: String,
    handles: OnceLock<Handles>,
    /// The same counts since they were last written to the store.
    tally: Arc<Tally>,
}

/// The causes of refusals that come in floods. Their counters are kept, because finding one costs more than the refusal.
const FREQUENT_REFUSALS: [&str; 5] =
    ["overloaded", "too_many_bytes_in_flight", "source_share_full", "peer_share_full", "not_verified"];
/// The statuses of such floods, beside 200.
const FREQUENT_STATUSES: [u16; 2] = [503, 401];

/// The combinations of an action's type and status.
const ACTIONS: usize = ActionType::ALL.len() * Status::ALL.len();

/// Returns the position of an action's type and status among all combinations.
fn action_index(action_type: ActionType, status: Status) -> usize {
    action_type as usize * Status::ALL.len() + status as usize
}

struct Handles {
    accepted: Counter,
    refused: [OnceLock<Counter>; FREQUENT_REFUSALS.len()],
    statuses: [OnceLock<Counter>; FREQUENT_STATUSES.len()],
    outcomes: [Counter; Outcome::ALL.len()],
    /// By type and status, [`action_index`]. They appear with the first action.
    actions: [OnceLock<Counter>; ACTIONS],
    stages: [Histogram; STAGES.len()],
    sandbox: Histogram,
}

impl Meters {
    /// Builds the metrics of a source environment.
    pub fn new(source: &str, environment: &str, plugin: &str) -> Meters {
        Meters {
            source: source.to_owned(),
            environment: environment.to_owned(),
            plugin: plugin.to_owned(),
            handles: OnceLock::new(),
            tally: Arc::default(),
        }
    }

    /// Returns the counts that are not written to the store yet.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Goes on with the counts of the same source environment before a reload.
    pub(crate) fn go_on_with(&mut self, tally: &Arc<Tally>) {
        self.tally = tally.clone();
    }

    fn handles(&self) -> &Handles {
        self.handles.get_or_init(|| {
            let with = |name: &'static str, value: &str| self.labels(name, value);
            Handles {
                accepted: counter!("inlet_requests_total", &with("status", "200")),
                refused: Default::default(),
                statuses: Default::default(),
                outcomes: Outcome::ALL
                    .map(|outcome| counter!("inlet_events_total", &with("outcome", outcome.as_str()))),
                actions: std::array::from_fn(|_| OnceLock::new()),
                stages: STAGES.map(|(_, name)| histogram!("inlet_stage_seconds", &with("stage", name))),
                sandbox: histogram!("inlet_sandbox_seconds", &self.place()),
            }
        })
    }

    fn place(&self) -> [(&'static str, String); 3] {
        [("source", self.source.clone()), ("environment", self.environment.clone()), ("plugin", self.plugin.clone())]
    }

    fn labels(&self, name: &'static str, value: &str) -> [(&'static str, String); 4] {
        let [source, environment, plugin] = self.place();
        [source, environment, plugin, (name, value.to_owned())]
    }

    /// Counts an answer.
    pub fn answered(&self, status: u16) {
        if status == 200 {
            self.handles().accepted.increment(1);
            return;
        }
        let counter = || counter!("inlet_requests_total", &self.labels("status", &status.to_string()));
        match FREQUENT_STATUSES.iter().position(|known| *known == status) {
            Some(at) => self.handles().statuses[at].get_or_init(counter).increment(1),
            None => counter().increment(1),
        }
    }

    /// Counts the outcomes of items and of their actions.
    pub fn settled(&self, items: &[Settled]) {
        let handles = self.handles();
        for item in items {
            if let Some(at) = Outcome::ALL.iter().position(|known| *known == item.outcome) {
                handles.outcomes[at].increment(1);
                self.tally.event(at);
            }
            for (action_type, status) in &item.actions {
                let counter = || {
                    let [source, environment, plugin] = self.place();
                    let of = [("type", action_type.as_str().to_owned()), ("status", status.as_str().to_owned())];
                    counter!(
                        "inlet_actions_total",
                        &[source, environment, plugin].into_iter().chain(of).collect::<Vec<_>>()
                    )
                };
                if let Some(handle) = handles.actions.get(action_index(*action_type, *status)) {
                    handle.get_or_init(counter).increment(1);
                }
            }
        }
    }

    /// Counts a request that was not accepted.
    pub fn refused(&self, cause: &'static str) {
        let counter = || counter!("inlet_refused_total", &self.labels("cause", cause));
        match FREQUENT_REFUSALS.iter().position(|known| *known == cause) {
            Some(at) => self.handles().refused[at].get_or_init(counter).increment(1),
            None => counter().increment(1),
        }
    }

    /// Counts a request that was not verified where verification is enforced.
    pub fn unverified(&self, cause: &'static str) {
        self.tally.refused();
        counter!("inlet_unverified_total", &self.labels("cause", cause)).increment(1);
    }

    /// Counts a refused request that was not kept, because too much was waiting to be stored.
    pub fn not_kept(&self) {
        counter!("inlet_refused_not_kept_total", &self.place()).increment(1);
    }

    /// Counts a fault of the plugin.
    pub fn fault(&self, cause: &'static str) {
        counter!("inlet_plugin_faults_total", &self.labels("cause", cause)).increment(1);
    }

    /// Records the time of a stage.
    pub fn stage(&self, stage: Stage, time: Duration) {
        if let Some(at) = STAGES.iter().position(|(known, _)| *known == stage) {
            self.handles().stages[at].record(time);
            self.tally.stage(at, time);
        }
    }

    /// Records the time in a sandbox.
    pub fn sandbox(&self, time: Duration) {
        self.handles().sandbox.record(time);
    }
}

/// Sets a gauge.
pub fn set_gauge(name: &'static str, value: f64) {
    gauge!(name).set(value);
}
