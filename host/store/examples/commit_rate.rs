//! Measures the events per second that become durable: 64 callers, 1 KB events, a new store in a temporary directory.
//!
//! `cargo run --release -p inlet-store --example commit_rate [DIRECTORY [EVENTS [CASE]]]`. Jobs are made before the clock
//! starts, so that only the store is measured.

use std::{
    error::Error,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use inlet_core::{
    ByteString, Uuid,
    actions::parse_action,
    idempotency::{self, HashKey, ScopedKey},
    log::{EventFields, EventLog, Original, PluginRef},
    mapping::{Mapping, MappingIndex},
    plan::{self, Plan, Scope},
    settle::{Job, Prepared},
};
use inlet_store::{
    Author, CommitError, GroupReport, NewChange, NewSource, NewSourceEnvironment, SecretLocation, Store, StoreOptions,
    Vault, VaultError, WriterObserver,
};

// The server's allocator. Arguments are allocated on one thread and freed on another, which is slow with glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: usize = 64;
const TRIGGER: &str = r#"{"key":"order-placed","recipients":{"id":"data.email","email":"data.email"}}"#;

/// Seals nothing, because the benchmark has no secrets.
struct Open;

impl Vault for Open {
    fn seal(&self, _location: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError> {
        Ok(secret.into())
    }

    fn open(&self, _location: SecretLocation, sealed: &[u8]) -> Result<String, VaultError> {
        Ok(String::from_utf8_lossy(sealed).into_owned())
    }
}

#[derive(Clone, Copy)]
enum Case {
    Logged { batch: usize },
    Executed,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map(PathBuf::from);
    let events: usize = arguments.next().map_or(Ok(60_000), |text| text.parse())?;
    let cases = [
        ("logged only, 1 event a job", Case::Logged { batch: 1 }, events),
        ("logged only, 100 events a job", Case::Logged { batch: 100 }, events * 2),
        ("executed: key, inline recipient, run", Case::Executed, events / 2),
    ];
    println!(
        "{:<38} {:>9} {:>9} {:>9} {:>9} {:>7}  per group: settle, write, commit",
        "", "events/s", "CPU µs/ev", "p50", "p99", "group"
    );
    let only = arguments.next().unwrap_or_default();
    for (name, case, events) in cases.into_iter().filter(|(name, ..)| name.contains(&only)) {
        let directory = match &directory {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        measure(name, case, events, directory.path().to_owned()).await?;
    }
    Ok(())
}

async fn measure(name: &str, case: Case, events: usize, directory: PathBuf) -> Result<(), Box<dyn Error>> {
    let phases = Arc::new(Phases::default());
    let options = StoreOptions { observer: Some(phases.clone()), ..StoreOptions::new(directory) };
    let store = Arc::new(Store::open(options, Arc::new(Open)).await?);
    let (environment, source_environment) = make_source(&store).await?;
    let maker = Maker::new(case, environment, source_environment, store.hash_key())?;
    let jobs = Arc::new(Mutex::new(maker.jobs(events)));
    let (started, cpu) = (Instant::now(), cpu_ms());
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(store.clone(), jobs.clone()))).collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await??);
    }
    let (elapsed, cpu) = (started.elapsed(), cpu_ms() - cpu);
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!(
        "{name:<38} {:>9.0} {:>9.1} {:>9.2?} {:>9.2?} {:>7.1}  {}",
        events as f64 / elapsed.as_secs_f64(),
        cpu * 1000.0 / events as f64,
        at(0.5),
        at(0.99),
        events as f64 / store.stats().groups as f64,
        phases.means(),
    );
    store.close().await?;
    Ok(())
}

async fn call(store: Arc<Store>, jobs: Arc<Mutex<Vec<Job>>>) -> Result<Vec<Duration>, CommitError> {
    let mut latencies = Vec::new();
    let take = || jobs.lock().ok()?.pop();
    while let Some(job) = take() {
        let started = Instant::now();
        store.commit(job).await?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

async fn make_source(store: &Store) -> Result<(i64, i64), Box<dyn Error>> {
    let environment_id = store.environments().await?[0].id;
    let environment = NewSourceEnvironment {
        environment_id,
        token: "t".to_owned(),
        settings: "{}".to_owned(),
        ..NewSourceEnvironment::default()
    };
    let source = NewSource {
        key: "bench".to_owned(),
        name: "Bench".to_owned(),
        description: None,
        custom_image_url: None,
        provider: "http".to_owned(),
        environments: vec![environment],
    };
    let log = NewChange {
        author: Author::named("bench"),
        operation: "upsertSource",
        resource: "sources/bench".to_owned(),
        environment_id: None,
        before: None,
        after: None,
    };
    store.source_create(source, log).await?;
    Ok((environment_id, store.sources().await?[0].environments[0].id))
}

struct Maker {
    case: Case,
    environment: i64,
    source_environment: i64,
    hash_key: HashKey,
    plugin: Arc<PluginRef>,
    mappings: MappingIndex,
}

impl Maker {
    fn new(case: Case, environment: i64, source_environment: i64, hash_key: HashKey) -> Result<Self, Box<dyn Error>> {
        let plugin = PluginRef { key: "http".into(), version: "0.1.0".into(), digest: "sha256:00".into() };
        let mapping = Mapping {
            id: Uuid::now_v7(),
            event_type: "track/Order Placed".into(),
            when: None,
            action: parse_action("workflows_trigger", TRIGGER)?,
            parameters: TRIGGER.into(),
            active: true,
            created_at_ms: 0,
            updated_at_ms: 0,
        };
        let mappings = MappingIndex::new(matches!(case, Case::Executed).then_some(mapping));
        Ok(Self { case, environment, source_environment, hash_key, plugin: plugin.into(), mappings })
    }

    /// Makes the jobs, the last one first, because callers take them from the end.
    fn jobs(&self, events: usize) -> Vec<Job> {
        let batch = match self.case {
            Case::Logged { batch } => batch,
            Case::Executed => 1,
        };
        let job = |job: usize| Job {
            environment: self.environment,
            source_environment: self.source_environment,
            items: (0..batch).map(|item| self.event(job * batch + item)).collect(),
            nonce: None,
        };
        let mut jobs: Vec<Job> = (0..events / batch).map(job).collect();
        jobs.reverse();
        jobs
    }

    fn event(&self, number: usize) -> Prepared {
        let user = format!("user-{}", number % 10_000);
        let head = format!(r#"{{"type":"track","event":"Order Placed","messageId":"{}","properties":"#, Uuid::new_v4());
        let padding = "x".repeat(850_usize.saturating_sub(head.len()));
        let data = format!(r#"{{"email":"{user}@example.org","total":1.10,"padding":"{padding}"}}"#);
        let item = ByteString::from(format!(r#"{head}{data},"userId":"{user}"}}"#));
        let data = item.slice_ref(&item[head.len()..head.len() + data.len()]);
        let key = Uuid::new_v4().to_string();
        Prepared { plan: Some(self.plan(&item, &data, &user, &key)), log: self.log(item, data, user, key) }
    }

    fn plan(&self, item: &ByteString, data: &ByteString, user: &str, key: &str) -> Plan {
        let event_type = "track/Order Placed";
        let scope = Scope { user_id: Some(user), data, item, headers: None, hints: None, vars: None };
        let mut plan = plan::plan(scope, event_type, false, self.mappings.matching(event_type));
        if matches!(self.case, Case::Executed) {
            let fingerprint = idempotency::fingerprint(Some(user), data);
            let key = key.to_owned();
            let day = 24 * 60 * 60 * 1000;
            plan.key = Some(ScopedKey::new(&self.hash_key, self.source_environment, event_type, key, day, fingerprint));
        }
        plan
    }

    fn log(&self, item: ByteString, data: ByteString, user: String, key: String) -> EventLog {
        let fields = EventFields {
            event_type: "track/Order Placed".to_owned(),
            user_id: Some(user),
            verification_status: "not_configured".to_owned(),
            idempotency_key: Some(key),
            headers: Some(r#"{"content-type":"application/json"}"#.into()),
            ..EventFields::new(Uuid::now_v7(), 1_700_000_000_000, self.plugin.clone())
        };
        EventLog { fields, data: Some(data), original: Original::Json(item) }
    }
}

/// Returns the processor time of this process, in milliseconds at a resolution of 10 ms; zero on systems without `/proc`.
/// It is steadier than the rate on a machine that does other work too.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks * 10.0
}

/// The time that the writer spent in each phase.
#[derive(Default)]
struct Phases {
    groups: AtomicU64,
    settle: AtomicU64,
    write: AtomicU64,
    commit: AtomicU64,
}

impl WriterObserver for Phases {
    fn on_group(&self, report: &GroupReport) {
        let add = |sum: &AtomicU64, spent: Duration| sum.fetch_add(spent.as_micros() as u64, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        add(&self.settle, report.settle);
        add(&self.write, report.write);
        add(&self.commit, report.commit);
    }
}

impl Phases {
    fn means(&self) -> String {
        let groups = self.groups.load(Ordering::Relaxed).max(1);
        let mean = |sum: &AtomicU64| sum.load(Ordering::Relaxed) / groups;
        format!("{} µs, {} µs, {} µs", mean(&self.settle), mean(&self.write), mean(&self.commit))
    }
}
