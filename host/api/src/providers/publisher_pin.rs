//! Publisher pinning: the first signed plugin of a publisher pins its public key for all later plugins.

use inlet_engine::{Engine, PublisherPinning};
use inlet_sandbox::{Plugin, PublisherKey};
use inlet_store::PublisherPin;

use crate::error::{ApiError, Kind};

/// Checks a plugin against the pinned key of its publisher. With `may_replace`, another key replaces the pinned one.
pub async fn check(engine: &Engine, plugin: &Plugin, may_replace: bool) -> Result<PublisherPinning, ApiError> {
    // A key without a publisher belongs to a bundled plugin. Replacing one needs its own parameter.
    let Some((publisher, _)) = plugin.manifest().key.split_once('/') else { return Ok(PublisherPinning::default()) };
    let pinned = engine.store.publisher_key(publisher).await?.map(PublisherKey::new);
    let found = plugin.publisher_key();
    let pin = found.map(|key| PublisherPin { publisher: publisher.to_owned(), public_key: *key.as_bytes() });
    match (pinned, found) {
        (None, _) => Ok(PublisherPinning { pin, replaced: None }),
        (Some(pinned), Some(found)) if pinned == found => Ok(PublisherPinning::default()),
        (Some(pinned), Some(_)) if may_replace => Ok(PublisherPinning { pin, replaced: Some(pinned) }),
        (Some(pinned), Some(found)) => {
            let message = format!(
                "the plugin is signed with the key {}, and the publisher {publisher:?} is known by {}; get the plugin from its \
                 publisher, or, if they have another key now, add replace_key=true (inlet plugin add --replace-key) with a \
                 token of the scope admin",
                found.fingerprint(),
                pinned.fingerprint()
            );
            Err(ApiError::new(Kind::Conflict, message))
        }
        (Some(pinned), None) => {
            let message = format!(
                "the plugin is not signed, and the publisher {publisher:?} is known by the key {}; sign it with that key \
                 (inlet plugin build --sign KEYFILE), or get it from its publisher",
                pinned.fingerprint()
            );
            Err(ApiError::new(Kind::Conflict, message))
        }
    }
}
