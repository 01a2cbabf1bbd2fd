//! The quarantine of a plugin in one source environment, as requests meet it: [`inlet_core::quarantine`] decides.
//!
//! As long as all is well a request reads one number and writes none. Only what a sender sends is counted: what is carried
//! out again by a retry or a replay failed before, and would be held against the plugin twice. And only what the plugin does:
//! not that it waited for its turn behind others.

use std::{
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Instant,
};

use inlet_core::quarantine::{Admission, Change, PROBE_EVERY_MS, PROBES, Watch};
use metrics::gauge;

use crate::{clock, snapshot::Endpoint};

/// The code of what came meanwhile.
pub const CODE: &str = "quarantined";

/// Why what came meanwhile was not translated.
pub const REASON: &str = "the plugin was not run: it failed on most of this source's requests and is quarantined; once \
                          it works again, or the source uses another version, replay this with POST …/replays and the \
                          code \"quarantined\"";

/// How the plugin of a source environment does. It goes with the plugin's digest: another version begins anew.
#[derive(Default)]
pub struct Guard {
    /// Whether anything but the best is known.
    is_alert: AtomicBool,
    watch: Mutex<Watch>,
}

/// A request's turn: whether the plugin is run for it, and how it did. Shared by the request and its calls, of which one may
/// go on when the sender has hung up; counted once, when all of them are done.
pub struct Turn {
    endpoint: Arc<Endpoint>,
    /// None: it is not counted.
    admission: Option<Admission>,
    is_alert: bool,
    /// The worst that was seen.
    seen: AtomicU8,
}

/// No call came to an end that says anything about the plugin.
const NOTHING: u8 = 0;
const WELL: u8 = 1;
const FAULT: u8 = 2;

impl Turn {
    /// A turn of a request that comes now.
    pub fn admit(endpoint: &Arc<Endpoint>) -> Turn {
        let (admission, is_alert) = endpoint.guard.admit();
        Turn { endpoint: endpoint.clone(), admission: Some(admission), is_alert, seen: AtomicU8::new(NOTHING) }
    }

    /// A turn of what is not held against the plugin, or for it.
    pub fn uncounted(endpoint: &Arc<Endpoint>) -> Turn {
        Turn { endpoint: endpoint.clone(), admission: None, is_alert: false, seen: AtomicU8::new(NOTHING) }
    }

    /// Whose plugin it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The plugin is not to be run.
    pub fn is_held(&self) -> bool {
        self.admission == Some(Admission::Hold)
    }

    /// A call went well, as far as that goes.
    pub fn went_well(&self) {
        // Relaxed: read when the last who shares it lets go of it.
        self.seen.fetch_max(WELL, Ordering::Relaxed);
    }

    /// The plugin failed.
    pub fn failed(&self) {
        self.seen.fetch_max(FAULT, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let seen = *self.seen.get_mut();
        if let Some(admission) = self.admission.filter(|_| seen != NOTHING) {
            self.endpoint.guard.ended(&self.endpoint, admission, self.is_alert, seen == FAULT);
        }
    }
}

impl Guard {
    /// What is to be done with a request that comes now, and whether anything but the best is known.
    fn admit(&self) -> (Admission, bool) {
        // Relaxed: a request that misses the change by a moment is run, as one that came a moment earlier.
        let is_alert = self.is_alert.load(Ordering::Relaxed);
        let admission = if is_alert { self.watch().admit(elapsed_ms()) } else { Admission::Run };
        (admission, is_alert)
    }

    /// Takes note of how a turn ended.
    fn ended(&self, endpoint: &Endpoint, admission: Admission, was_alert: bool, is_fault: bool) {
        if !was_alert && !is_fault {
            return;
        }
        let change = {
            let mut watch = self.watch();
            let change = watch.ended(elapsed_ms(), admission, is_fault);
            self.is_alert.store(*watch != Watch::Well, Ordering::Relaxed);
            change
        };
        if let Some(change) = change {
            tell(endpoint, change);
        }
    }

    /// Runs the plugin again, whatever was: an operator says so.
    pub fn lift(&self, endpoint: &Endpoint) {
        let was_quarantined = {
            let mut watch = self.watch();
            self.is_alert.store(false, Ordering::Relaxed);
            watch.lift()
        };
        if was_quarantined {
            tell(endpoint, Change::Ended);
        }
    }

    /// Whether the plugin is quarantined.
    pub fn is_quarantined(&self) -> bool {
        self.quarantined_since_ms().is_some()
    }

    /// Since when the plugin is quarantined, in milliseconds since 1970; none: it is not.
    pub fn quarantined_since_ms(&self) -> Option<i64> {
        if !self.is_alert.load(Ordering::Relaxed) {
            return None;
        }
        let since_ms = self.watch().quarantined_since_ms()?;
        Some(clock::now_ms() - (elapsed_ms() - since_ms))
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an operator should know of a quarantine.
pub fn note(slug: &str, endpoint: &Endpoint) -> Option<String> {
    let since = inlet_core::time::write_ms(endpoint.guard.quarantined_since_ms()?);
    let (version, every) = (&endpoint.plugin_ref.version, PROBE_EVERY_MS / 1000);
    Some(format!(
        "in {slug} the version {version} of the plugin is quarantined since {since}, because it failed on most requests: they \
         are stored and not run, but for one every {every} s; {PROBES} that go well in a row end it, and POST \
         /v1/sources/{{key}}/plugin at once; then replay them with POST …/replays and the code \"{CODE}\""
    ))
}

/// Sets the metric of a source environment.
pub fn set_gauge(source: &str, environment: &str, plugin: &str, is_quarantined: bool) {
    let labels =
        [("source", source.to_owned()), ("environment", environment.to_owned()), ("plugin", plugin.to_owned())];
    gauge!("inlet_plugin_quarantined", &labels).set(if is_quarantined { 1.0 } else { 0.0 });
}

fn tell(endpoint: &Endpoint, change: Change) {
    let (source, environment, plugin) = (&endpoint.source, &endpoint.environment, &endpoint.plugin_ref);
    let (key, version, digest) = (&plugin.key, &plugin.version, &plugin.digest);
    set_gauge(source, environment, key, matches!(change, Change::Began { .. }));
    match change {
        Change::Began { faults, calls } => tracing::error!(
            source,
            environment,
            plugin = key,
            version,
            digest,
            faults,
            calls,
            "a plugin fails on most requests and is quarantined; they are stored and not run until it works again"
        ),
        Change::Ended => {
            tracing::info!(source, environment, plugin = key, version, digest, "a plugin is no longer quarantined");
        }
    }
}

/// The time by a clock that never goes back, in milliseconds.
fn elapsed_ms() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}
