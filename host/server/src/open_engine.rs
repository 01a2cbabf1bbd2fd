//! Opens the engine: store, master key, sandbox and plugins.

use std::sync::Arc;

use anyhow::Context as _;
use inlet_engine::{
    Engine, EngineParts,
    catalog::Catalog,
    secrets::{self, FoundKey},
    snapshot::hash_token,
};
use inlet_plugin_archive::PluginArchive;
use inlet_sandbox::{CompiledCache, EngineConfig, Sandbox};
use inlet_store::{MasterKeyCheck, StoreOptions};

use crate::{config::Config, embedded::BUNDLED, management_token, writer_metrics::WriterMetrics};

/// Opens the data directory, loads all plugins and reads the configuration from the store.
pub async fn open_engine(config: &Config) -> anyhow::Result<Engine> {
    let options = StoreOptions {
        database_url: config.database_url.clone(),
        queue: config.writer_queue,
        queue_bytes: config.max_in_flight_bytes,
        observer: Some(Arc::new(WriterMetrics)),
        ..StoreOptions::new(&config.data_dir)
    };
    // The directory is locked first: its content decides which master key is right and whether one may be generated.
    let check = MasterKeyCheck::start(options).await?;
    let FoundKey { key, .. } =
        secrets::find(&config.data_dir, config.master_key_file.as_deref(), check.sealed_value())?;
    let store = check.open(Arc::new(key)).await?;
    let sandbox = start_sandbox(config)?;
    let management_token = management_token::read_or_create(config)?;
    let catalog = {
        let (sandbox, directory) = (sandbox.clone(), config.plugins_dir.clone());
        // Compiling blocks for seconds.
        tokio::task::spawn_blocking(move || Catalog::load(&sandbox, BUNDLED, directory.as_deref())).await??
    };
    let catalog = catalog.with_stored(&store, &sandbox).await?;
    let plugin_archive =
        PluginArchive::open(inlet_cli::CATALOG).context("cannot read the catalogue of this program")?;
    let parts = EngineParts {
        options: config.engine_options(),
        management_token: hash_token(&management_token),
        store,
        sandbox,
        catalog,
        plugin_archive,
    };
    Ok(Engine::new(parts).await?)
}

fn start_sandbox(config: &Config) -> anyhow::Result<Sandbox> {
    let cache = CompiledCache::open(&config.data_dir.join("compiled"), CompiledCache::MAX_BYTES)
        .context("cannot keep compiled plugins")?;
    let sandbox_config = EngineConfig {
        max_instances: config.max_sandboxes,
        max_memory: config.max_sandbox_memory,
        ..EngineConfig::default()
    };
    Sandbox::with_cache(sandbox_config, cache).context("cannot start the sandbox")
}
