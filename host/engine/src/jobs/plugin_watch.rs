//! `--plugins-dir` is watched: what changes there is in force without a restart.
//!
//! The system tells of changes where it can; the directory is also looked at now and then, because it cannot tell of those
//! on a network, and not of a directory that was made anew.

use std::{collections::HashSet, path::Path, time::Duration};

use inlet_store::Author;
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{sync::mpsc, time};

use crate::{
    ConfigurationChange, ConfigureError, Engine,
    catalog::plugin_directory::{PluginDirectory, Problem},
};

/// A file that is being written is left alone until nothing came for so long.
const QUIET: Duration = Duration::from_millis(300);
/// But no longer than this: something may always be written there.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How often the directory is looked at where the system tells of changes.
const LOOK: Duration = Duration::from_secs(60);
/// And where it does not.
const POLL: Duration = Duration::from_secs(2);

/// Watches for ever.
pub async fn run(engine: Engine) {
    let Some(directory) = engine.options.plugins_dir.clone() else { return };
    // One is enough: it says that something changed, and not what.
    let (sender, mut changes) = mpsc::channel(1);
    let watcher = watch(&directory, sender);
    let look = match &watcher {
        Ok(_) => LOOK,
        Err(error) => {
            tracing::warn!(%error, poll_ms = POLL.as_millis() as u64, "the plugin directory cannot be watched; it is looked at instead");
            POLL
        }
    };
    loop {
        // At once too: something may have changed while the server started.
        if let Err(error) = take_in(&engine, &directory).await {
            tracing::warn!(%error, "what changed in the plugin directory is not in force yet; it is tried again");
            time::sleep(POLL).await;
            continue;
        }
        if let Ok(Some(())) = time::timeout(look, changes.recv()).await {
            let quiet = async { while let Ok(Some(())) = time::timeout(QUIET, changes.recv()).await {} };
            let _ = time::timeout(MAX_WAIT, quiet).await;
        } else if watcher.is_err() {
            // The channel has no sender then, and gives nothing to wait for.
            time::sleep(look).await;
        }
    }
}

fn watch(directory: &Path, changed: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.as_ref().map_or(true, is_change) {
            let _ = changed.try_send(());
        }
    })?;
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Reading is no change, and is what we do ourselves. Closing what was written is one: it may have been mapped.
fn is_change(event: &Event) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    !event.kind.is_access() || event.kind == written
}

/// Reads the directory again and puts what changed in force.
async fn take_in(engine: &Engine, directory: &Path) -> Result<(), ConfigureError> {
    let read = {
        let (sandbox, directory) = (engine.sandbox.clone(), directory.to_owned());
        let before = engine.catalog().directory().clone();
        // Compiling takes a while and is not for the runtime's own threads.
        tokio::task::spawn_blocking(move || {
            PluginDirectory::read(&sandbox, &directory, &before).unwrap_or_else(|error| {
                before.unreadable(format!(
                    "cannot read the plugin directory: {error}; what it held goes on; correct its permissions, or put it back"
                ))
            })
        })
        .await
    };
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            tracing::error!(%error, "reading the plugin directory ended early; please report it");
            return Ok(());
        }
    };
    // The directory is not logged as anybody's change.
    let author = Author::named("plugin directory");
    let change = |change: ConfigurationChange| async move { change.replace_plugin_directory(read).await };
    if let Some((before, now)) = engine.configure(author, change).await? {
        tell(&before, &now);
    }
    Ok(())
}

/// Says what is new.
fn tell(before: &PluginDirectory, now: &PluginDirectory) {
    let knew: HashSet<&str> = before.there().map(|plugin| plugin.digest()).collect();
    let knows: HashSet<&str> = now.there().map(|plugin| plugin.digest()).collect();
    for plugin in now.there().filter(|plugin| !knew.contains(plugin.digest())) {
        let (key, version, digest) = (&plugin.manifest().key, &plugin.manifest().version, plugin.digest());
        tracing::info!(key, version, digest, "a plugin came into the plugin directory");
    }
    for plugin in before.there().filter(|plugin| !knows.contains(plugin.digest())) {
        let (key, version, digest) = (&plugin.manifest().key, &plugin.manifest().version, plugin.digest());
        tracing::info!(key, version, digest, "a plugin is gone from the plugin directory");
    }
    for problem in now.problems().iter().filter(|problem| !before.problems().contains(problem)) {
        let Problem { file, message } = problem;
        tracing::warn!(file, problem = message, "a file of the plugin directory is not used");
    }
}
