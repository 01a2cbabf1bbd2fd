//! Watches `--plugins-dir`: a change there is in force without a restart.
//!
//! The system tells of changes where it can. The directory is read now and then all the same, because the system cannot
//! tell of changes on a network, nor of a directory that was replaced.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

use inlet_store::Author;
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{sync::mpsc, time};

use super::job::{Job, RunsOn};
use crate::{
    ConfigurationChange, ConfigureError, Engine,
    catalog::plugin_directory::{PluginDirectory, Problem},
};

/// The time without changes after which the directory is read: a file may be written in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// The longest time for which changes put off the reading.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// The time between two readings where the system tells of changes.
const LOOK: Duration = Duration::from_secs(60);
/// The time between two readings where it does not, and after a failure.
const POLL: Duration = Duration::from_secs(2);

/// Puts changes in the plugin directory in force.
pub(super) struct PluginWatch {
    directory: PathBuf,
    /// `None` where the system cannot tell of changes: the directory is polled.
    watcher: Option<RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
    /// True if the last run failed, which is tried again soon.
    has_failed: bool,
}

impl PluginWatch {
    /// Watches a directory from now on.
    pub(super) fn new(directory: PathBuf) -> Self {
        // One message is enough: it says that something changed, and not what.
        let (sender, changes) = mpsc::channel(1);
        let watcher = watch(&directory, sender).inspect_err(|error| {
            tracing::warn!(%error, poll_ms = POLL.as_millis() as u64, "the plugin directory cannot be watched; it is looked at instead");
        });
        Self { directory, watcher: watcher.ok(), changes, has_failed: false }
    }
}

impl Job for PluginWatch {
    const NAME: &'static str = "plugin_directory";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "what changed in the plugin directory is not in force yet; it is tried again";
    type Error = ConfigureError;

    fn interval(&self) -> Duration {
        if self.has_failed || self.watcher.is_none() { POLL } else { LOOK }
    }

    async fn wait(&mut self, _: &Engine) {
        if self.has_failed || self.watcher.is_none() {
            return time::sleep(POLL).await;
        }
        // A write under way is waited for, also beyond the interval.
        if let Ok(Some(())) = time::timeout(LOOK, self.changes.recv()).await {
            let quiet = async { while let Ok(Some(())) = time::timeout(QUIET, self.changes.recv()).await {} };
            let _ = time::timeout(MAX_WAIT, quiet).await;
        }
    }

    /// The first run sees what changed while the server started.
    async fn run(&mut self, engine: &Engine) -> Result<(), ConfigureError> {
        // Set first: a panic counts as a failure.
        self.has_failed = true;
        reload(engine, &self.directory).await?;
        self.has_failed = false;
        Ok(())
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

/// Returns true if an event is a change. Reading is none: the server reads the directory itself. Closing a written file is
/// one: it may have been mapped.
fn is_change(event: &Event) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    !event.kind.is_access() || event.kind == written
}

/// Reads the directory again and puts what changed in force.
async fn reload(engine: &Engine, directory: &Path) -> Result<(), ConfigureError> {
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
        log_differences(&before, &now);
    }
    Ok(())
}

/// Logs the differences.
fn log_differences(before: &PluginDirectory, now: &PluginDirectory) {
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
