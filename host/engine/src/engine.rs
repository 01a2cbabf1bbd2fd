//! What every handler shares.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use inlet_core::idempotency::HashKey;
use inlet_sandbox::{Gate, Limits, Sandbox};
use inlet_store::{ReadError, Store};
use tokio::sync::{Notify, Semaphore};

use crate::{
    catalog::Catalog,
    last_used::LastUsed,
    options::EngineOptions,
    snapshot::{
        Snapshot, TokenHash,
        reload::{Anew, Previous},
    },
};

/// The running server. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// What the running server holds.
pub struct Inner {
    /// How it was set up.
    pub options: EngineOptions,
    /// Where everything is kept.
    pub store: Store,
    /// Where plugins run.
    pub sandbox: Sandbox,
    /// Who may use a sandbox.
    pub gate: Gate,
    /// What a call into a plugin may take.
    pub limits: Limits,
    catalog: ArcSwap<Catalog>,
    /// For hashing idempotency keys.
    pub hash_key: HashKey,
    /// SHA-256 of the management token.
    pub management_token: TokenHash,
    /// Body bytes that may still be taken, in units of [`BODY_UNIT`].
    pub body_budget: Arc<Semaphore>,
    /// Components that may still be taken at once.
    pub uploads: Arc<Semaphore>,
    /// When tokens and keys were last used.
    pub last_used: LastUsed,
    /// Wakes retention: there may be something to prune.
    pub retention_changed: Notify,
    snapshot: ArcSwap<Snapshot>,
    /// Held while the configuration is changed and read again, so that a slow reader cannot put an older one in force.
    changing: tokio::sync::Mutex<()>,
    /// What was stored and could not be read again: the keys whose plugins are others. None: what is stored is in force.
    unread: Mutex<Option<BTreeSet<String>>>,
}

/// Components that are read and compiled at once: each may take 64 MiB, and a multiple of that while it is compiled.
pub const MAX_UPLOADS: usize = 2;

/// What is counted as one of [`Inner::body_budget`], in bytes.
pub const BODY_UNIT: usize = 1024;

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What an [`Engine`] is made of.
pub struct EngineParts {
    /// How it was set up.
    pub options: EngineOptions,
    /// Where everything is kept.
    pub store: Store,
    /// Where plugins run.
    pub sandbox: Sandbox,
    /// The plugins there are.
    pub catalog: Catalog,
    /// SHA-256 of the management token.
    pub management_token: TokenHash,
}

impl Engine {
    /// Puts a server together and reads its configuration from the store.
    pub async fn new(parts: EngineParts) -> Result<Engine, ReadError> {
        let EngineParts { options, store, sandbox, catalog, management_token } = parts;
        let limits = Limits { memory: options.max_sandbox_memory, ..Limits::default() };
        let snapshot = Snapshot::load(&store, &catalog, &limits, None).await?;
        Ok(Engine(Arc::new(Inner {
            gate: Gate::new(options.max_sandboxes),
            limits,
            hash_key: store.hash_key(),
            body_budget: Arc::new(Semaphore::new(options.max_in_flight_bytes.div_ceil(BODY_UNIT))),
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            last_used: LastUsed::default(),
            retention_changed: Notify::new(),
            snapshot: ArcSwap::from_pointee(snapshot),
            changing: tokio::sync::Mutex::new(()),
            unread: Mutex::new(None),
            options,
            store,
            sandbox,
            catalog: ArcSwap::from_pointee(catalog),
            management_token,
        })))
    }

    /// The configuration in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// The plugins there are.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Puts another catalog in force, in which plugins of that key differ and which is stored. Hold [`Engine::change`] from
    /// reading the one before. Requests under way keep the plugin that they began with.
    pub async fn replace_catalog(&self, catalog: Catalog, key: &str) -> Result<(), ReadError> {
        // Sources first: what is listed is in force.
        let read = self.read_again(&catalog, Anew::Providers(&[key.to_owned()])).await;
        self.catalog.store(Arc::new(catalog));
        read
    }

    /// The same for what `--plugins-dir` holds now, with other plugins of those keys. An error: nothing is in force.
    pub async fn replace_directory(&self, catalog: Catalog, keys: &[String]) -> Result<(), ReadError> {
        self.read_again(&catalog, Anew::Providers(keys)).await?;
        self.catalog.store(Arc::new(catalog));
        Ok(())
    }

    /// Chooses the plugin of a source environment again, whatever it had.
    pub async fn choose_again(&self, source_environment: i64) -> Result<(), ReadError> {
        self.read_again(&self.catalog(), Anew::Endpoint(source_environment)).await
    }

    /// Serialises a change of the configuration with the reading of it. Hold it from reading what is to be changed to
    /// [`Engine::reload`]. What an earlier change stored and could not read again is read first: whoever was told 503 and tries
    /// again starts from what is stored.
    pub async fn change(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, ReadError> {
        let guard = self.changing.lock().await;
        let unread = self.unread().clone();
        if let Some(keys) = unread {
            let keys: Vec<String> = keys.into_iter().collect();
            self.read_again(&self.catalog(), Anew::Providers(&keys)).await?;
            *self.unread() = None;
        }
        Ok(guard)
    }

    fn unread(&self) -> std::sync::MutexGuard<'_, Option<BTreeSet<String>>> {
        // A set is whole whatever a thread that held the lock did.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the configuration from the store and puts it in force.
    pub async fn reload(&self) -> Result<(), ReadError> {
        self.read_again(&self.catalog(), Anew::Nothing).await
    }

    async fn read_again(&self, catalog: &Catalog, anew: Anew<'_>) -> Result<(), ReadError> {
        let previous = self.snapshot();
        let same = Previous { snapshot: &previous, anew };
        let read = Snapshot::load(&self.store, catalog, &self.limits, Some(same)).await;
        let snapshot = read.inspect_err(|_| {
            let keys = if let Anew::Providers(keys) = anew { keys } else { &[] };
            self.unread().get_or_insert_default().extend(keys.iter().cloned());
        })?;
        snapshot.carry_over(&previous);
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }
}
