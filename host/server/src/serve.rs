//! `inlet serve`: everything from a configuration to a graceful stop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use inlet_engine::{
    Engine, EngineParts,
    catalog::{Catalog, Unloaded},
    jobs::{last_used, plugin_watch, retention, upkeep},
    metrics, replay, secrets,
    snapshot::hash_token,
};
use inlet_sandbox::{Compilation, CompiledCache, EngineConfig, LoadError, Plugin, Sandbox, read_manifest};
use inlet_store::{Claim, PluginVersion, Store, StoreOptions};

use crate::{
    config::{Config, Flags},
    demo, listen, log, management_token,
    routes::Routes,
    writer_metrics,
};

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// What `inlet serve` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Read this configuration file instead of ./inlet.toml
    #[arg(long, value_name = "FILE", env = "INLET_CONFIG")]
    config: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_ref(), &arguments.flags)?;
    log::init(config.log_format);
    metrics::init().context("cannot start the metrics")?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(config))
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
    // The addresses first: who starts a second server by mistake should hear of the port, at once.
    let public = listen::bind(config.listen, "--listen").await?;
    let admin = match config.admin_listen {
        Some(address) => Some(listen::bind(address, "--admin-listen").await?),
        None => None,
    };
    // Port 0 asks the system for one; from here on the real one is shown.
    config.listen = public.local_addr().unwrap_or(config.listen);
    config.admin_listen = admin.as_ref().and_then(|listener| listener.local_addr().ok());
    let engine = put_together(&config).await?;
    let background = [
        tokio::spawn(retention::run(engine.clone())),
        tokio::spawn(upkeep::run(engine.clone())),
        tokio::spawn(replay::run(engine.clone())),
        tokio::spawn(last_used::run(engine.clone())),
        tokio::spawn(plugin_watch::run(engine.clone())),
    ];

    let (stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        listen::stop_signal().await;
        tracing::info!("stopping: what was accepted is finished, nothing new is taken");
        let _ = stop.send(true);
    });
    let limits = listen::Limits::of(&config);
    let (public_routes, admin_routes) = match admin {
        Some(_) => (Routes::public(&engine), Some(Routes::admin(&engine))),
        None => (Routes::all(&engine), None),
    };
    announce(&engine, &config);
    if config.demo {
        demo::run(&engine, &config).await.context("cannot set the demo up")?;
    }
    let serve_admin = async {
        if let (Some(listener), Some(routes)) = (admin, admin_routes) {
            listen::serve(listener, routes, limits, stopped.clone()).await;
        }
    };
    tokio::join!(listen::serve(public, public_routes, limits, stopped.clone()), serve_admin);

    for task in background {
        task.abort();
    }
    last_used::write(&engine).await;
    if let Err(error) = engine.store.close().await {
        tracing::error!(%error, "the store did not close as it should; what was answered is on disk");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Opens the store, loads the plugins and reads the configuration.
async fn put_together(config: &Config) -> anyhow::Result<Engine> {
    let options = StoreOptions {
        queue: config.writer_queue,
        observer: Some(Arc::new(writer_metrics::Record)),
        ..StoreOptions::new(&config.data_dir)
    };
    // The lock first, then the key: which one is right, and whether one may be made, depends on what is there.
    let claim = Claim::on(options).await?;
    let secrets::Found { key, .. } =
        secrets::find(&config.data_dir, config.master_key_file.as_deref(), claim.key_check())?;
    let store = claim.open(Arc::new(key)).await?;
    let cache = CompiledCache::open(&config.data_dir.join("compiled"), CompiledCache::MAX_BYTES)
        .context("cannot keep compiled plugins")?;
    let sandbox_config = EngineConfig {
        max_instances: config.max_sandboxes,
        max_memory: config.max_sandbox_memory,
        ..EngineConfig::default()
    };
    let sandbox = Sandbox::with_cache(sandbox_config, cache).context("cannot start the sandbox")?;
    let management_token = management_token::read_or_create(config)?;
    let catalog = {
        let (sandbox, directory) = (sandbox.clone(), config.plugins_dir.clone());
        // Compiling takes a while and is not for the runtime's own threads.
        tokio::task::spawn_blocking(move || Catalog::load(&sandbox, BUNDLED, directory.as_deref())).await??
    };
    let catalog = with_added(catalog, &store, &sandbox).await?;
    let parts = EngineParts {
        options: config.engine_options(),
        management_token: hash_token(&management_token),
        store,
        sandbox,
        catalog,
    };
    Ok(Engine::new(parts).await?)
}

/// The plugins that were added while the server ran. One that does not load any more is named in the log and left out; it
/// never keeps the server from starting.
async fn with_added(mut catalog: Catalog, store: &Store, sandbox: &Sandbox) -> anyhow::Result<Catalog> {
    for PluginVersion { key, version, digest, .. } in store.plugin_versions().await? {
        let Some(wasm) = store.plugin_wasm(&digest).await? else { continue };
        let wasm = Arc::new(wasm);
        let loaded = {
            let (sandbox, wasm) = (sandbox.clone(), wasm.clone());
            load(move || sandbox.load(&wasm)).await
        };
        let error = match loaded {
            Ok(plugin) if plugin.digest() == digest && plugin.manifest().key == key => {
                catalog = catalog.with(plugin);
                continue;
            }
            Ok(plugin) => format!("what is kept has the digest {} and is not what was added", plugin.digest()),
            Err(error) => error,
        };
        tracing::error!(key, version, digest, error, "a plugin of the store does not load; it was left out");
        let manifest = read_manifest(&wasm).ok().map(Box::new);
        catalog = catalog.with_unloaded(Unloaded { key, version, digest, error, manifest });
    }
    Ok(catalog)
}

/// Loads a plugin on a thread that may compile. An error is a sentence; a panic is one too.
async fn load(load: impl FnOnce() -> Result<Plugin, LoadError> + Send + 'static) -> Result<Plugin, String> {
    match tokio::task::spawn_blocking(load).await {
        Ok(loaded) => loaded.map_err(|error| error.to_string()),
        Err(error) => {
            tracing::error!(%error, "loading a plugin ended early; please report it");
            Err("the server failed while it loaded the component; its log says where".to_owned())
        }
    }
}

fn announce(engine: &Engine, config: &Config) {
    let catalog = engine.catalog();
    let plugins: Vec<&str> = catalog.iter().map(|plugin| plugin.manifest().key.as_str()).collect();
    tracing::info!(
        listen = %config.listen,
        admin_listen = config.admin_listen.map(|address| address.to_string()),
        data_dir = %config.data_dir.display(),
        plugins = plugins.join(", "),
        "ready"
    );
    for plugin in catalog.iter() {
        if let Compilation::NotCached { reason } = plugin.compilation() {
            let key = &plugin.manifest().key;
            tracing::warn!(key, reason, "a compiled plugin was not kept; it will be compiled again at the next start");
        }
    }
    if config.admin_listen.is_none() && !config.listen.ip().is_loopback() {
        tracing::warn!(
            listen = %config.listen,
            "the management API can be reached wherever webhooks can; give it an address of its own with --admin-listen"
        );
    }
    // A time-out that is longer than a stop would wait for cuts requests off.
    if config.stop_timeout_seconds < Duration::from_secs(5).as_secs() {
        tracing::warn!(stop_timeout_seconds = config.stop_timeout_seconds, "a stop may cut requests off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_while_a_plugin_is_loaded_is_an_error_of_that_plugin() {
        let error = load(|| panic!("a bug of the compiler")).await.unwrap_err();
        insta::assert_snapshot!(error, @"the server failed while it loaded the component; its log says where");
    }
}
