//! Who may publish under a key: the first signed plugin of a publisher pins the key that it is signed with.

use inlet_engine::Engine;
use inlet_sandbox::{Plugin, PublisherKey};
use inlet_store::PublisherPin;

use crate::error::{ApiError, Kind};

/// What adding a plugin pins.
#[derive(Default)]
pub struct Pinned {
    /// What is to be stored; none: nothing is pinned anew.
    pub pin: Option<PublisherPin>,
    /// The key that was pinned before, if another is from now on.
    pub replaced: Option<PublisherKey>,
}

/// Holds a plugin against the key of its publisher. `may_replace`: another key takes the place of the one that is pinned.
pub async fn check(engine: &Engine, plugin: &Plugin, may_replace: bool) -> Result<Pinned, ApiError> {
    // A bare name is the server's own; whoever replaces one said so.
    let Some((publisher, _)) = plugin.manifest().key.split_once('/') else { return Ok(Pinned::default()) };
    let pinned = engine.store.publisher_key(publisher).await?.map(PublisherKey::new);
    let found = plugin.publisher_key();
    let pin = found.map(|key| PublisherPin { publisher: publisher.to_owned(), public_key: *key.as_bytes() });
    match (pinned, found) {
        (None, _) => Ok(Pinned { pin, replaced: None }),
        (Some(pinned), Some(found)) if pinned == found => Ok(Pinned::default()),
        (Some(pinned), Some(_)) if may_replace => Ok(Pinned { pin, replaced: Some(pinned) }),
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
