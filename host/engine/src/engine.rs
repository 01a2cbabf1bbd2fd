//! The running server: everything that requests, replays and background jobs share.

use std::{net::IpAddr, sync::Arc, time::Instant};

use inlet_core::{Uuid, idempotency::HashKey};
use inlet_plugin_archive::PluginArchive;
use inlet_sandbox::{Gate, Limits, Sandbox};
use inlet_store::{ReadError, Store};
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    admission::{
        Ledger,
        failures::{self, FailureCounts},
        peer::ConnectionPeer,
        refusal_budget::RefusalBudgets,
        request_rate::RequestRates,
    },
    catalog::Catalog,
    clock::now_ms,
    configuration::current::CurrentConfiguration,
    jobs::JobStates,
    last_used::LastUsed,
    notices::Notices,
    options::EngineOptions,
    snapshot::{Snapshot, TokenHash, new_id},
    unrouted::UnroutedCounts,
};

/// The memory that calls of operators may hold. A body of the API has at most 5 MiB.
const OPERATOR_BYTES: usize = 64 << 20;

/// The running server. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// The parts of an [`Engine`].
pub struct Inner {
    /// The process settings.
    pub options: EngineOptions,
    /// The database. The dispatcher of deliveries shares it.
    pub store: Arc<Store>,
    /// The runtime of plugins.
    pub sandbox: Sandbox,
    /// The plugins that ship with the server and are installed on demand.
    pub plugin_archive: PluginArchive,
    /// The queue for sandboxes.
    pub gate: Gate,
    /// The limits of one call into a plugin.
    pub limits: Limits,
    /// The key for hashing idempotency keys.
    pub hash_key: HashKey,
    /// SHA-256 of the management token that the server was started with.
    pub management_token: TokenHash,
    /// The memory that requests hold.
    pub(crate) ledger: Arc<Ledger>,
    /// The memory that calls of operators hold, apart from everyone else's.
    pub(crate) operator_ledger: Arc<Ledger>,
    /// The addresses whose requests failed of late.
    pub(crate) failures: FailureCounts<IpAddr>,
    /// The addresses whose requests to a source environment were refused of late.
    pub(crate) refusals: FailureCounts<(i64, IpAddr)>,
    /// The bytes that may be kept of refused requests.
    pub(crate) refusal_budgets: RefusalBudgets,
    /// The rates of source environments that have one.
    pub(crate) request_rates: RequestRates,
    /// Plugin uploads that may still begin.
    pub uploads: Arc<Semaphore>,
    /// The memory of the management API's answers, in KiB.
    pub answers: Arc<Semaphore>,
    /// Streams of the management API that may still be opened.
    pub streams: Arc<Semaphore>,
    /// True from when the server begins to stop.
    stopping: watch::Sender<bool>,
    /// The id of this process among the servers of the database.
    pub node_id: Uuid,
    /// The start, by the system's clock, in milliseconds since 1970.
    pub started_at_ms: i64,
    /// The start.
    pub started: Instant,
    /// The states of the background jobs.
    pub job_states: JobStates,
    /// The links to the dashboard that tokens made of late; none is the token that the server was started with.
    sign_in_links: FailureCounts<Option<i64>>,
    /// The times at which tokens and keys were last used.
    pub last_used: LastUsed,
    /// The causes that were logged lately, so that further ones are only counted.
    pub(crate) notices: Notices,
    /// The requests that led to no endpoint.
    pub(crate) unrouted: UnroutedCounts,
    /// Wakes retention before its interval ends.
    pub(crate) retention_changed: Notify,
    /// Wakes the job of bulk operations before its interval ends.
    pub(crate) bulk_operation_created: Notify,
    pub(crate) configuration: CurrentConfiguration,
}

/// The most plugin uploads at once: each may hold 64 MiB, and a multiple of that while it is compiled.
pub const MAX_UPLOADS: usize = 2;

/// The memory of all answers of the management API at one time, in KiB, about. A single longer answer takes all of it.
pub const ANSWERS_KIB: usize = 256 << 10;

/// The most streams of the management API at once. Each reads the log up to eight times a second.
pub const MAX_STREAMS: usize = 50;

/// The most links to the dashboard that a token makes in a minute or two.
const MAX_SIGN_IN_LINKS: u32 = 10;

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The parts that the server hands to a new [`Engine`].
pub struct EngineParts {
    /// The process settings.
    pub options: EngineOptions,
    /// The open database.
    pub store: Store,
    /// The runtime of plugins.
    pub sandbox: Sandbox,
    /// The plugins that were loaded.
    pub catalog: Catalog,
    /// The plugins that ship with the server and are installed on demand.
    pub plugin_archive: PluginArchive,
    /// SHA-256 of the management token that the server was started with.
    pub management_token: TokenHash,
}

impl Engine {
    /// Builds an engine and reads its configuration from the store.
    pub async fn new(parts: EngineParts) -> Result<Engine, ReadError> {
        let EngineParts { options, store, sandbox, catalog, plugin_archive, management_token } = parts;
        let (memory, items) = (options.max_sandbox_memory, options.max_items_limit);
        let limits = Limits { memory, items, ..Limits::default() };
        let configuration = CurrentConfiguration::load(&store, catalog, &limits).await?;
        Ok(Engine(Arc::new(Inner {
            gate: Gate::new(options.max_sandboxes),
            limits,
            hash_key: store.hash_key(),
            ledger: Ledger::new(options.max_in_flight_bytes),
            operator_ledger: Ledger::new(OPERATOR_BYTES),
            failures: FailureCounts::new(failures::SUSPECT),
            refusals: FailureCounts::new(options.refused_requests_per_address),
            refusal_budgets: RefusalBudgets::new(options.refused_bytes_per_minute),
            request_rates: RequestRates::new(),
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            answers: Arc::new(Semaphore::new(ANSWERS_KIB)),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            stopping: watch::Sender::new(false),
            node_id: new_id(),
            started_at_ms: now_ms(),
            started: Instant::now(),
            job_states: JobStates::default(),
            sign_in_links: FailureCounts::new(MAX_SIGN_IN_LINKS),
            last_used: LastUsed::default(),
            notices: Notices::default(),
            unrouted: UnroutedCounts::default(),
            retention_changed: Notify::new(),
            bulk_operation_created: Notify::new(),
            configuration,
            options,
            store: Arc::new(store),
            sandbox,
            plugin_archive,
            management_token,
        })))
    }

    /// Returns the time at which something was received, in milliseconds since 1970: the database's where servers share one,
    /// so that a server whose clock differs takes what the others take.
    pub fn now_ms(&self) -> i64 {
        if self.store.is_shared() { self.store.clock().state().system_ms } else { now_ms() }
    }

    /// Lets retention prune now: there may be something to prune.
    pub fn wake_retention(&self) {
        self.retention_changed.notify_one();
    }

    /// Counts one more link to the dashboard that a token wants to make; returns false if it made too many of late.
    pub fn may_create_sign_in_link(&self, token_id: Option<i64>) -> bool {
        let now = Instant::now();
        let may = !self.sign_in_links.is_over(Some(token_id), now);
        if may {
            self.sign_in_links.count(Some(token_id), now);
        }
        may
    }

    /// Returns the peer of a connection from this address.
    pub fn connection_peer(&self, address: IpAddr) -> ConnectionPeer {
        ConnectionPeer::of(address, &self.options.trusted_proxies)
    }

    /// Ends the answers that would go on for ever, so that the server can stop.
    pub fn begin_to_stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Completes when the server begins to stop.
    pub async fn stopping(&self) {
        // The sender lives as long as the engine.
        let _ = self.stopping.subscribe().wait_for(|is_stopping| *is_stopping).await;
    }

    /// Returns the snapshot of the configuration in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.configuration.snapshot()
    }

    /// Returns the plugin catalog in force.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.configuration.catalog()
    }
}
