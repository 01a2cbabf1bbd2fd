//! An engine without plugins in a temporary directory, for tests.

use std::{sync::Arc, time::Duration};

use inlet_plugin_archive::PluginArchive;
use inlet_sandbox::{EngineConfig, Sandbox};
use inlet_store::{RealClock, Store, StoreOptions, SystemClock};
use tempfile::TempDir;

use crate::{Engine, EngineOptions, EngineParts, catalog::Catalog, secrets::key::MasterKey};

/// An engine, and the directory that it lives in.
pub struct TestEngine {
    pub engine: Engine,
    _directory: TempDir,
}

impl TestEngine {
    pub async fn start() -> Self {
        Self::start_with(Arc::new(RealClock::default())).await
    }

    /// Starts an engine whose store follows these clocks.
    pub async fn start_with(clock: Arc<dyn SystemClock>) -> Self {
        let directory = TempDir::new().unwrap();
        let vault = Arc::new(MasterKey::generate().unwrap());
        let store = Store::open(StoreOptions { clock, ..StoreOptions::new(directory.path()) }, vault).await.unwrap();
        let config = EngineConfig { max_instances: 1, max_memory: 1 << 20, ..EngineConfig::default() };
        let sandbox = Sandbox::new(config).unwrap();
        let catalog = Catalog::load(&sandbox, &[], None).unwrap();
        let options = EngineOptions {
            node_name: "test".to_owned(),
            database_poll: Duration::from_millis(300),
            base_url: String::new(),
            public_url: None,
            plugins_dir: None,
            max_in_flight_bytes: 1 << 20,
            body_timeout: Duration::from_secs(1),
            min_body_bytes_per_second: 1024,
            trusted_proxies: Vec::new(),
            refused_bytes_per_minute: 64 << 20,
            refused_requests_per_address: 300,
            max_sandboxes: 1,
            max_sandbox_memory: 1 << 20,
            max_items_limit: 50_000,
            retry_delays_seconds: Vec::new(),
            has_operational_webhook: false,
            disk_low_bytes: 0,
        };
        let parts = EngineParts {
            options,
            store,
            sandbox,
            catalog,
            plugin_archive: PluginArchive::default(),
            management_token: [0; 32],
        };
        Self { engine: Engine::new(parts).await.unwrap(), _directory: directory }
    }
}
