//! A store with one source, and jobs made the way the server makes them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use inlet_core::{
    ByteString, Uuid,
    actions::parse_action,
    delivery::TargetRouting,
    idempotency::{self, ScopedKey},
    json,
    log::{EventFields, EventLog, Original, PluginRef},
    mapping::{Mapping, MappingIndex},
    plan::{self, Scope},
    settle::{Job, Prepared},
};
use inlet_store::{
    AttemptNext, AttemptRecord, Author, Claim, ClaimWanted, ClaimedDelivery, CommitError, Cursor, DeliveryFilter,
    DeliveryQuery, DeliveryTurn, DeliveryTurnResult, EventQuery, FinishedAttempt, GenerationSize, Hold, ListedDelivery,
    NewChange, NewSource, NewSourceEnvironment, NewTarget, ReadMemory, SecretLocation, Settled, Stats, Store,
    StoreOptions, StoredEvent, Vault, VaultError,
};
use tokio::task::{JoinHandle, JoinSet};

use crate::backend::TestDatabase;

/// A time that no test waits for.
pub const LONG: Duration = Duration::from_secs(3600);

pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Memory for every answer.
pub struct Unlimited;

impl ReadMemory for Unlimited {
    fn reserve(&self, _: u64) -> bool {
        true
    }
}

/// Returns a hold on nothing.
pub fn nothing_held() -> Hold {
    Arc::new(())
}

/// Seals by prefixing key and location and inverting every bit: enough to tell keys and locations apart.
pub struct TestVault(pub &'static str);

/// The vault of every fixture.
pub fn vault() -> Arc<TestVault> {
    Arc::new(TestVault("k1"))
}

impl TestVault {
    fn front(&self, location: SecretLocation) -> String {
        format!("{} {location} ", self.0)
    }
}

impl Vault for TestVault {
    fn seal(&self, location: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError> {
        Ok(self.front(location).bytes().chain(secret.bytes().map(|byte| !byte)).collect())
    }

    fn open(&self, location: SecretLocation, sealed: &[u8]) -> Result<String, VaultError> {
        let Some(rest) = sealed.strip_prefix(self.front(location).as_bytes()) else {
            let found = sealed.split(|byte| *byte == b' ').next().unwrap_or_default();
            let found = String::from_utf8_lossy(found).into_owned();
            return Err(match found == self.0 {
                true => VaultError::NotGenuine { location },
                false => VaultError::OtherKey { location, found, given: self.0.to_owned() },
            });
        };
        Ok(String::from_utf8(rest.iter().map(|byte| !byte).collect()).unwrap())
    }
}

/// A store with one source.
pub struct Fixture {
    pub store: Arc<Store>,
    pub database: TestDatabase,
    pub environment: i64,
    pub source_environment: i64,
}

impl Fixture {
    pub async fn new() -> Self {
        Self::with(|options| options).await
    }

    pub async fn with(change: impl FnOnce(StoreOptions) -> StoreOptions) -> Self {
        let database = TestDatabase::new();
        let store = Store::open(change(database.options()), vault()).await.unwrap();
        let environment = store.environments().await.unwrap()[0].id;
        store.source_create(source("main", &[environment]), log("upsertSource")).await.unwrap();
        let source_environment = store.sources().await.unwrap()[0].environments[0].id;
        Self { store: Arc::new(store), database, environment, source_environment }
    }

    /// Closes the store and opens its database in a new one.
    pub async fn reopen(self) -> Self {
        self.store.close().await.unwrap();
        drop(self.store);
        self.database.end_leases().await;
        let store = Store::open(self.database.options(), vault()).await.unwrap();
        Self { store: Arc::new(store), ..self }
    }

    pub fn job(&self, items: Vec<Prepared>) -> Job {
        Job { environment: self.environment, source_environment: self.source_environment, items, nonce: None }
    }

    /// Commits one event.
    pub async fn commit(&self, event: Event<'_>) -> Settled {
        self.commit_all(vec![event]).await.remove(0)
    }

    /// Commits events as the items of one request.
    pub async fn commit_all(&self, events: Vec<Event<'_>>) -> Vec<Settled> {
        let items = events.into_iter().map(|event| event.prepare(self)).collect();
        self.store.commit(self.job(items)).await.unwrap()
    }

    /// Commits jobs that all wait before the writer looks, so that they make one group.
    pub async fn commit_at_once(&self, jobs: Vec<Job>) -> Vec<Result<Vec<Settled>, CommitError>> {
        let commit = |store: Arc<Store>, job| async move { store.commit(job).await };
        self.at_once(jobs, commit).await
    }

    /// Like [`Self::commit_at_once`], for senders who wait.
    pub async fn send_at_once(&self, jobs: Vec<Job>) -> Vec<Result<Vec<Settled>, CommitError>> {
        let send = |store: Arc<Store>, job| async move { store.commit_for_sender(job, None, nothing_held()).await };
        self.at_once(jobs, send).await
    }

    async fn at_once<F>(
        &self,
        jobs: Vec<Job>,
        commit: impl Fn(Arc<Store>, Job) -> F,
    ) -> Vec<Result<Vec<Settled>, CommitError>>
    where
        F: Future<Output = Result<Vec<Settled>, CommitError>> + Send + 'static,
    {
        let busy = self.keep_writer_busy().await;
        let mut tasks = JoinSet::new();
        for (index, job) in jobs.into_iter().enumerate() {
            let committed = commit(self.store.clone(), job);
            tasks.spawn(async move { (index, committed.await) });
        }
        let mut results = tasks.join_all().await;
        busy.await.unwrap();
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// The events of the job with which the writer is kept busy.
    pub const BUSY_EVENTS: usize = 2000;

    /// Gives the writer a job of another source that takes it a while, and returns when it has begun.
    pub async fn keep_writer_busy(&self) -> JoinHandle<()> {
        let find = async || self.store.sources().await.unwrap().into_iter().find(|source| source.key == "busy");
        if find().await.is_none() {
            self.store.source_create(source("busy", &[self.environment]), log("upsertSource")).await.unwrap();
        }
        let source_environment = find().await.unwrap().environments[0].id;
        let items = (0..Self::BUSY_EVENTS).map(|_| Event::new("busy", r#"{"data":{}}"#).prepare(self)).collect();
        let job = Job { source_environment, ..self.job(items) };
        let store = self.store.clone();
        // The writer answers the command above before it calls itself idle.
        while self.store.stats().busy_for.is_some() {
            tokio::task::yield_now().await;
        }
        // It fails where the storage is full.
        let busy = tokio::spawn(async move { _ = store.commit(job).await });
        let taken = |stats: Stats| stats.busy_for.is_some() && stats.queued == 0;
        while !taken(self.store.stats()) && !busy.is_finished() {
            tokio::task::yield_now().await;
        }
        busy
    }

    /// Creates a target; returns its id.
    pub async fn target(&self, key: &str, routing: TargetRouting) -> i64 {
        self.store.target_put(target(self.environment, key, routing), log("upsertTarget")).await.unwrap()
    }

    /// Returns the deliveries of the environment, the oldest first.
    pub async fn deliveries(&self) -> Vec<ListedDelivery> {
        let query = DeliveryQuery {
            environment_id: self.environment,
            cursor: Cursor::Start,
            limit: 1000,
            filter: DeliveryFilter::default(),
            run: None,
            source_event: None,
        };
        let mut found = self.store.deliveries(&query, &Unlimited).await.unwrap().unwrap().items;
        found.reverse();
        found
    }

    /// Claims at most so many deliveries of each class of a target.
    pub async fn claim(&self, owner: Uuid, target: i64, each: u32) -> Vec<ClaimedDelivery> {
        self.turn(DeliveryTurn { wanted: vec![claim_wanted(target, each)], ..DeliveryTurn::new(owner, LONG) })
            .await
            .claimed
    }

    pub async fn turn(&self, turn: DeliveryTurn) -> DeliveryTurnResult {
        self.store.delivery_turn(turn).await.unwrap()
    }

    /// Ends an attempt; returns false if its claim is lost.
    pub async fn finish(&self, owner: Uuid, claim: Claim, next: AttemptNext) -> bool {
        let attempt = (!matches!(next, AttemptNext::HandBack | AttemptNext::Canceled)).then(attempt);
        let finished = vec![FinishedAttempt { claim, attempt, next }];
        self.turn(DeliveryTurn { finished, ..DeliveryTurn::new(owner, LONG) }).await.lost.is_empty()
    }

    /// Ends the generation of the idempotency records that were written, where they are kept in generations.
    pub async fn end_generation(&self) {
        let size = GenerationSize { records: 1, age_ms: i64::MAX / 4 };
        if let Some(number) = self.store.next_idempotency_generation(size).await.unwrap() {
            self.store.begin_idempotency_generation(number).await.unwrap();
        }
        while let Some(ended) = self.store.ended_idempotency_generation().await.unwrap() {
            self.store.finish_idempotency_generation(ended).await.unwrap();
        }
    }

    /// Reads an event log, whole.
    pub async fn event(&self, id: Uuid) -> StoredEvent {
        let query = EventQuery::one(vec![self.source_environment], id);
        self.store.events(&query).await.unwrap().items.remove(0)
    }
}

/// Returns a target to create, which takes so many recipients at once.
pub fn target(environment_id: i64, key: &str, routing: TargetRouting) -> NewTarget {
    NewTarget {
        environment_id,
        key: key.to_owned(),
        kind: "webhook".to_owned(),
        settings: r#"{"url":"https://example.com"}"#.to_owned(),
        routing,
        secrets: None,
        state: None,
    }
}

/// Returns an entry for the change log.
pub fn log(operation: &'static str) -> NewChange {
    NewChange {
        author: Author::named(Author::BOOTSTRAP),
        operation,
        resource: "things/{id}".to_owned(),
        environment_id: None,
        before: None,
        after: Some("{}".to_owned()),
    }
}

pub fn claim_wanted(target: i64, each: u32) -> ClaimWanted {
    ClaimWanted { target, first_attempts: each, retries: each, late: each }
}

pub fn delivered() -> AttemptNext {
    AttemptNext::Delivered { downstream_id: None }
}

/// A retry that counts, of an attempt that may have been sent.
pub fn retry(after: Duration) -> AttemptNext {
    AttemptNext::Retry { after, is_counted: true, may_be_sent: true }
}

pub fn attempt() -> AttemptRecord {
    AttemptRecord {
        at_ms: 1_700_000_000_000,
        duration_ms: 12,
        outcome: "answered".to_owned(),
        status: Some(503),
        error: Some("the target answered 503".to_owned()),
        request_headers: r#"{"content-type":"application/json"}"#.to_owned(),
        response_headers: "{}".to_owned(),
        response_body: Bytes::from_static(b"busy"),
    }
}

pub fn source(key: &str, environments: &[i64]) -> NewSource {
    let environment = |environment_id: &i64| NewSourceEnvironment {
        environment_id: *environment_id,
        token: format!("token-{key}-{environment_id}"),
        settings: "{}".to_owned(),
        ..NewSourceEnvironment::default()
    };
    NewSource {
        key: key.to_owned(),
        name: key.to_owned(),
        description: None,
        custom_image_url: None,
        provider: "http".to_owned(),
        environments: environments.iter().map(environment).collect(),
    }
}

pub fn mapping(event_type: &str, action_type: &str, parameters: &str, created_at_ms: i64) -> Mapping {
    Mapping {
        id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        when: None,
        action: parse_action(action_type, parameters).unwrap(),
        parameters: parameters.into(),
        active: true,
        created_at_ms,
        updated_at_ms: created_at_ms,
    }
}

/// An item of a request.
#[derive(Clone)]
pub struct Event<'a> {
    pub id: Uuid,
    pub event_type: &'a str,
    pub item: ByteString,
    pub key: Option<&'a str>,
    pub mappings: &'a [Mapping],
    pub identifies: bool,
}

impl<'a> Event<'a> {
    /// An event of this type; `userId` and `data` are members of the item.
    pub fn new(event_type: &'a str, item: &str) -> Self {
        let item = item.into();
        Self { id: Uuid::now_v7(), event_type, item, key: None, mappings: &[], identifies: false }
    }

    pub fn key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    pub fn mappings(self, mappings: &'a [Mapping]) -> Self {
        Self { mappings, ..self }
    }

    pub fn prepare(self, fixture: &Fixture) -> Prepared {
        let item = &self.item;
        let data = json::member(item, "data").map_or(ByteString::from_static("{}"), |data| item.slice_ref(data));
        let user_id = json::member(item, "userId").and_then(json::string);
        let index = MappingIndex::new(self.mappings.iter().cloned());
        let scope = Scope { user_id: user_id.as_deref(), data: &data, item, headers: None, hints: None, vars: None };
        let mut plan = plan::plan(scope, self.event_type, self.identifies, index.matching(self.event_type));
        plan.key = self.key.map(|key| {
            let fingerprint = idempotency::fingerprint(user_id.as_deref(), &data);
            let hash_key = fixture.store.hash_key();
            let key = key.to_owned();
            ScopedKey::new(&hash_key, fixture.source_environment, self.event_type, key, DAY_MS, fingerprint)
        });
        Prepared { log: self.log(user_id, data), plan: Some(plan) }
    }

    fn log(self, user_id: Option<String>, data: ByteString) -> EventLog {
        let fields = EventFields {
            event_type: self.event_type.to_owned(),
            user_id,
            verification_status: "not_configured".to_owned(),
            idempotency_key: self.key.map(str::to_owned),
            occurred_at_us: 1_700_000_000_123_456,
            ..EventFields::new(self.id, 1_700_000_000_200, Arc::new(plugin()))
        };
        EventLog { fields, data: Some(data), original: Original::Json(self.item) }
    }
}

pub fn plugin() -> PluginRef {
    PluginRef { key: "http".to_owned(), version: "0.1.0".to_owned(), digest: "sha256:00".to_owned() }
}
