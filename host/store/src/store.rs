//! The store: the one door to the database.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use inlet_core::{idempotency::HashKey, recipient::USERS, settle::Job};
use sqlx::SqlitePool;
use uuid::Uuid;

use crate::{
    administration::{Credential, EnvironmentSettings, ManagementTokenRecord, NewEnvironment, NewManagementToken},
    change_log::{ChangeQuery, ChangeRecord, NewChange},
    claim::Claim,
    config::{ApiKeyRecord, EndpointRotation, Environment, NewSource, SourceRecord, SourceUpdate},
    data_dir::DataDir,
    error::{ChangeError, CommitError, OpenError, ReadError},
    event::{EventQuery, EventTypeCount, SourceStatus, StoredEvent},
    options::StoreOptions,
    page::{Cursor, Page},
    plugin_version::{NewPluginVersion, PluginUse, PluginVersion, PluginVersionAgain},
    recipient::RecipientRecord,
    refused::{NewRefused, RefusedRequest},
    rehearsal::Rehearsal,
    run::{RunQuery, RunRecord, StoredRecipient},
    sqlite::{self, Bodies, Durability, Hashed, Opened, Pruned, PrunedBodies, PrunedRecords, change, read},
    vault::Vault,
    writer::{Settled, Stats, Writer},
};

/// An open store. Share it behind an `Arc`.
pub struct Store {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    hash_key: HashKey,
    /// Seals and opens the secrets of sources.
    vault: Arc<dyn Vault>,
    /// The last key that the walk over the idempotency records looked at; empty at its begin.
    records_walk: Mutex<Vec<u8>>,
    /// The same of the walk over the nonces.
    nonces_walk: Mutex<Vec<u8>>,
    /// Released last.
    _data_dir: DataDir,
}

/// The time, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Store {
    /// Opens the store in its data directory, or makes a new one. No other process can open it as long as this lives.
    /// Who has to look before the key is chosen makes a [`Claim`] first.
    pub async fn open(options: StoreOptions, vault: Arc<dyn Vault>) -> Result<Self, OpenError> {
        Claim::on(options).await?.open(vault).await
    }

    pub(crate) async fn open_in(
        data_dir: DataDir,
        options: StoreOptions,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, OpenError> {
        let Opened { writing, checkpointer, readers, hash_key } =
            sqlite::open(&data_dir.database(), &options, &*vault).await?;
        let writer = Writer::start(writing, checkpointer, &options).map_err(OpenError::Thread)?;
        Ok(Self {
            writer,
            readers,
            hash_key,
            vault,
            records_walk: Mutex::default(),
            nonces_walk: Mutex::default(),
            _data_dir: data_dir,
        })
    }

    /// Finishes what is waiting, and closes. What comes later is refused. Later calls do nothing.
    pub async fn close(&self) -> Result<(), CommitError> {
        self.readers.close().await;
        self.writer.close().await
    }

    /// How commits reach the disk, asked of the writer's connection now.
    pub async fn durability(&self) -> Result<Durability, CommitError> {
        self.writer.durability().await
    }

    /// Proves that the store takes writes, by writing; for a readiness probe.
    pub async fn check(&self) -> Result<(), CommitError> {
        self.writer.change(|connection| Box::pin(async move { Ok(sqlite::prove_writable(connection).await?) })).await
    }

    /// What the writer has done so far.
    pub fn stats(&self) -> Stats {
        self.writer.stats()
    }

    /// The deployment's secret for hashing idempotency keys, made at the first start.
    pub fn hash_key(&self) -> HashKey {
        self.hash_key.clone()
    }
}

/// Events.
impl Store {
    /// Settles and stores the items of one request; returns when all of it is on the disk. One answer for each item.
    pub async fn commit(&self, job: Job) -> Result<Vec<Settled>, CommitError> {
        self.writer.commit(job, None).await
    }

    /// What a job would come to if it were committed now, and what it would write. Only reads, and waits for no writer.
    pub async fn rehearse(&self, job: &Job) -> Result<Rehearsal, ReadError> {
        read::rehearse(&self.readers, job).await
    }

    /// Keeps a request that verification refused, in a ring of 1,000 requests and 64 MiB of bodies per source
    /// environment.
    pub async fn refuse(&self, request: NewRefused) -> Result<(), CommitError> {
        self.writer.refuse(request).await
    }

    /// Event logs, the newest first; items of one request the last first.
    pub async fn events(&self, query: &EventQuery) -> Result<Page<StoredEvent>, ReadError> {
        Ok(read::events(&self.readers, query).await?)
    }

    /// The distinct event types of a source environment, by name.
    pub async fn event_types(&self, source_environment_id: i64) -> Result<Vec<EventTypeCount>, ReadError> {
        Ok(read::event_types(&self.readers, source_environment_id).await?)
    }

    /// What a source environment has received.
    pub async fn source_status(&self, source_environment_id: i64) -> Result<SourceStatus, ReadError> {
        Ok(read::source_status(&self.readers, source_environment_id).await?)
    }

    /// Refused requests, the newest first, without their bodies.
    pub async fn refused(
        &self,
        source_environment_id: i64,
        cursor: Cursor<Uuid>,
        limit: usize,
    ) -> Result<Page<RefusedRequest>, ReadError> {
        Ok(read::refused(&self.readers, source_environment_id, cursor, limit).await?)
    }

    /// One refused request, with its body as long as that is kept.
    pub async fn refused_request(
        &self,
        source_environment_id: i64,
        id: Uuid,
    ) -> Result<Option<RefusedRequest>, ReadError> {
        Ok(read::refused_request(&self.readers, source_environment_id, id).await?)
    }
}

/// Users and runs.
impl Store {
    /// The users of an environment, the newest first.
    pub async fn users(
        &self,
        environment_id: i64,
        cursor: Cursor<i64>,
        limit: usize,
    ) -> Result<Page<RecipientRecord>, ReadError> {
        Ok(read::recipients(&self.readers, environment_id, USERS, cursor, limit).await?)
    }

    /// One user.
    pub async fn user(&self, environment_id: i64, id: &str) -> Result<Option<RecipientRecord>, ReadError> {
        Ok(read::recipient(&self.readers, environment_id, USERS, id).await?)
    }

    /// Workflow runs, the newest first, each with its first recipients.
    pub async fn runs(&self, query: &RunQuery) -> Result<Page<RunRecord>, ReadError> {
        Ok(read::runs(&self.readers, query).await?)
    }

    /// One workflow run, with its first recipients.
    pub async fn run(&self, environment_id: i64, id: Uuid) -> Result<Option<RunRecord>, ReadError> {
        Ok(read::run(&self.readers, environment_id, id).await?)
    }

    /// The recipients of a run, in the order in which the trigger named them; the cursor is an ordinal.
    pub async fn run_recipients(
        &self,
        environment_id: i64,
        run_id: Uuid,
        cursor: Cursor<i64>,
        limit: usize,
    ) -> Result<Page<StoredRecipient>, ReadError> {
        Ok(read::run_recipients(&self.readers, environment_id, run_id, cursor, limit).await?)
    }
}

/// Configuration.
impl Store {
    /// All environments.
    pub async fn environments(&self) -> Result<Vec<Environment>, ReadError> {
        Ok(read::environments(&self.readers).await?)
    }

    /// All keys.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, ReadError> {
        Ok(read::api_keys(&self.readers).await?)
    }

    /// Creates a key to an environment.
    pub async fn api_key_create(
        &self,
        environment_id: i64,
        hash: [u8; 32],
        hint: String,
        log: NewChange,
    ) -> Result<ApiKeyRecord, ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::api_key_create(connection, environment_id, hash, &hint, &log).await })
            })
            .await
    }

    /// Deletes a key of an environment.
    pub async fn api_key_delete(&self, environment_id: i64, id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::api_key_delete(connection, environment_id, id, &log).await })
            })
            .await
    }

    /// All sources with their configuration in every environment, as of one moment.
    pub async fn sources(&self) -> Result<Vec<SourceRecord>, ReadError> {
        read::sources(&self.readers, &*self.vault).await
    }

    /// Creates a source; returns its id.
    pub async fn source_create(&self, new: NewSource, log: NewChange) -> Result<i64, ChangeError> {
        let vault = self.vault.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::source_create(connection, &new, &log, &*vault).await })
            })
            .await
    }

    /// Changes a source; returns the new version of the source environment, if one was changed.
    pub async fn source_update(&self, update: SourceUpdate, log: NewChange) -> Result<Option<i64>, ChangeError> {
        let vault = self.vault.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::source_update(connection, &update, &log, &*vault).await })
            })
            .await
    }

    /// Gives an endpoint another token; returns the new version of the source environment.
    pub async fn source_rotate_endpoint(&self, rotation: EndpointRotation, log: NewChange) -> Result<i64, ChangeError> {
        let vault = self.vault.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::source_rotate_endpoint(connection, &rotation, &log, &*vault).await })
            })
            .await
    }

    /// Deletes a source with its settings and mappings in every environment. Its key is free at once; its logs go with
    /// [`Store::prune_deleted`].
    pub async fn source_delete(&self, source_id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| Box::pin(async move { change::source_delete(connection, source_id, &log).await }))
            .await
    }
}

/// Plugins that were put into the running server. Every change is logged in its own transaction.
impl Store {
    /// All versions that are kept, in the order in which they were added.
    pub async fn plugin_versions(&self) -> Result<Vec<PluginVersion>, ReadError> {
        Ok(read::plugin_versions(&self.readers).await?)
    }

    /// The component of that digest.
    pub async fn plugin_wasm(&self, digest: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(read::plugin_wasm(&self.readers, digest).await?)
    }

    /// The key that a publisher's plugins are signed with, if one is known.
    pub async fn publisher_key(&self, publisher: &str) -> Result<Option<[u8; 32]>, ReadError> {
        Ok(read::publisher_key(&self.readers, publisher).await?)
    }

    /// Keeps a version, and its publisher's key if it says one. It changes no source.
    pub async fn plugin_insert(&self, new: NewPluginVersion, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| Box::pin(async move { change::plugin_insert(connection, &new, &log).await }))
            .await
    }

    /// Writes what is kept of a version again, or its publisher's key. It changes no source.
    pub async fn plugin_insert_again(&self, again: PluginVersionAgain, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::plugin_insert_again(connection, &again, &log).await })
            })
            .await
    }

    /// Forgets the version of that digest, unless a source has it.
    pub async fn plugin_delete(&self, digest: String, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| Box::pin(async move { change::plugin_delete(connection, &digest, &log).await }))
            .await
    }

    /// Gives a source environment another plugin; returns its new version.
    pub async fn source_use_plugin(&self, given: PluginUse, log: NewChange) -> Result<i64, ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::source_use_plugin(connection, &given, &log).await })
            })
            .await
    }
}

/// Administration. Every change is logged in its own transaction.
impl Store {
    /// Creates an environment with every source in it; returns its id, which `log` gets too.
    pub async fn environment_create(&self, new: NewEnvironment, log: NewChange) -> Result<i64, ChangeError> {
        let vault = self.vault.clone();
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::environment_create(connection, &new, &log, &*vault).await })
            })
            .await
    }

    /// Changes an environment: its settings become these.
    pub async fn environment_update(
        &self,
        id: i64,
        settings: EnvironmentSettings,
        log: NewChange,
    ) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::environment_update(connection, id, &settings, &log).await })
            })
            .await
    }

    /// All tokens for the management API but the one that the server was started with.
    pub async fn management_tokens(&self) -> Result<Vec<ManagementTokenRecord>, ReadError> {
        Ok(read::management_tokens(&self.readers).await?)
    }

    /// Creates a token for the management API.
    pub async fn management_token_create(
        &self,
        new: NewManagementToken,
        log: NewChange,
    ) -> Result<ManagementTokenRecord, ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::management_token_create(connection, &new, &log).await })
            })
            .await
    }

    /// Deletes a token for the management API.
    pub async fn management_token_delete(&self, id: i64, log: NewChange) -> Result<(), ChangeError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::management_token_delete(connection, id, &log).await })
            })
            .await
    }

    /// Writes down when credentials were last used, in milliseconds since 1970. No change that is logged.
    pub async fn credentials_used(&self, used: Vec<(Credential, i64)>) -> Result<(), CommitError> {
        self.writer
            .change(move |connection| Box::pin(async move { change::credentials_used(connection, &used).await }))
            .await
    }

    /// The log of changes, the newest first.
    pub async fn changes(&self, query: &ChangeQuery) -> Result<Page<ChangeRecord>, ReadError> {
        Ok(read::changes(&self.readers, query).await?)
    }
}

/// Retention. Call each in a loop, with a pause between slices.
impl Store {
    /// Deletes what an environment holds from before `cutoff_ms`: at most `limit` event logs, runs and refused requests
    /// each, with what belongs to them. An empty answer: nothing is left to delete.
    pub async fn prune(&self, environment_id: i64, cutoff_ms: i64, limit: u32) -> Result<Pruned, CommitError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::prune_logs(connection, environment_id, cutoff_ms, limit.into()).await })
            })
            .await
    }

    /// Forgets replaced endpoint tokens and signing secrets whose time is over; returns how many. They have been good
    /// for nothing since then.
    pub async fn forget_expired_secrets(&self, now_ms: i64) -> Result<u64, CommitError> {
        self.writer
            .change(move |connection| Box::pin(async move { Ok(change::forget_expired(connection, now_ms).await?) }))
            .await
    }

    /// Looks at the next `slice` idempotency records and deletes those that expired before `now_ms`. The walk begins
    /// anew after the last one.
    pub async fn prune_idempotency(&self, now_ms: i64, slice: u32) -> Result<PrunedRecords, CommitError> {
        self.prune_hashed(Hashed::Idempotency, &self.records_walk, now_ms, slice).await
    }

    /// The same for the signed requests that are remembered.
    pub async fn prune_nonces(&self, now_ms: i64, slice: u32) -> Result<PrunedRecords, CommitError> {
        self.prune_hashed(Hashed::Nonces, &self.nonces_walk, now_ms, slice).await
    }

    async fn prune_hashed(
        &self,
        table: Hashed,
        walk: &Mutex<Vec<u8>>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, CommitError> {
        let position = || walk.lock().unwrap_or_else(PoisonError::into_inner);
        let after = std::mem::take(&mut *position());
        let (pruned, last) = self
            .writer
            .change(move |connection| {
                Box::pin(async move { change::prune_records(connection, table, &after, now_ms, slice.into()).await })
            })
            .await?;
        *position() = last.unwrap_or_default();
        Ok(pruned)
    }

    /// Removes bodies of an environment's events from before `cutoff_ms` whose logs stay, and of its refused requests if
    /// it is about all: passes at most `limit` events. Nothing passed: there is nothing left to do.
    ///
    /// What is passed once is not looked at again: give no cutoff after which an event with an earlier id could still be
    /// committed.
    pub async fn prune_bodies(
        &self,
        environment_id: i64,
        bodies: Bodies,
        cutoff_ms: i64,
        limit: u32,
    ) -> Result<PrunedBodies, CommitError> {
        self.writer
            .change(move |connection| {
                let limit = limit.into();
                Box::pin(
                    async move { change::prune_bodies(connection, environment_id, bodies, cutoff_ms, limit).await },
                )
            })
            .await
    }

    /// Deletes what deleted sources left: at most `limit` rows of each table of one of them. Returns how many; none:
    /// nothing is left.
    pub async fn prune_deleted(&self, limit: u32) -> Result<u64, CommitError> {
        self.writer
            .change(move |connection| Box::pin(async move { change::prune_deleted(connection, limit.into()).await }))
            .await
    }

    /// Deletes at most `limit` logged changes from before a time; returns how many.
    pub async fn prune_changes(&self, cutoff_ms: i64, limit: u32) -> Result<u64, CommitError> {
        self.writer
            .change(move |connection| {
                Box::pin(async move { change::prune_changes(connection, cutoff_ms, limit.into()).await })
            })
            .await
    }
}
