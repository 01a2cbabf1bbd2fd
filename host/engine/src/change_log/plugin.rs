//! Entries about plugins.

use inlet_core::json;
use inlet_sandbox::PublisherKey;
use inlet_store::{Author, NewChange};

/// Logs the addition of a plugin version. `publisher_key` is the publisher's pinned key before and after, where it
/// changes.
pub(crate) fn plugin_added(
    author: Author,
    key: &str,
    version: &str,
    digest: &str,
    publisher_key: (Option<PublisherKey>, Option<PublisherKey>),
) -> NewChange {
    let shown = |key: PublisherKey| json::object([("publisher_key", json::quote(&key.fingerprint()).as_str())]);
    let (before, after) = (publisher_key.0.map(shown), publisher_key.1.map(shown));
    let added = version_and_digest(version, digest);
    NewChange {
        author,
        operation: "addSourceProvider",
        resource: provider(key),
        environment_id: None,
        before,
        after: Some(after.map_or_else(|| added.clone(), |after| json::merge(&added, &after))),
    }
}

/// Logs the removal of a plugin version.
pub(crate) fn plugin_removed(author: Author, key: &str, version: &str, digest: &str) -> NewChange {
    NewChange {
        author,
        operation: "removeSourceProviderVersion",
        resource: provider(key),
        environment_id: None,
        before: Some(version_and_digest(version, digest)),
        after: None,
    }
}

fn provider(key: &str) -> String {
    format!("source_providers/{}", key.replace('/', "%2F"))
}

fn version_and_digest(version: &str, digest: &str) -> String {
    json::object([("version", json::quote(version).as_str()), ("digest", &json::quote(digest))])
}
