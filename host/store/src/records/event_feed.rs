//! Following the event logs in the order in which they are committed.

use uuid::Uuid;

use super::StoredEvent;

/// A place in the order of committing. Ids are made before, so that a greater id may be committed earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition(pub(crate) i64);

/// The next events of a feed.
#[derive(Debug)]
pub struct FeedPage {
    /// The events that the query selects, in the order of committing.
    pub events: Vec<StoredEvent>,
    /// The place after the last entry that was looked at.
    pub position: FeedPosition,
    /// The last entry that was looked at in the query's source environments, whether it was selected or not.
    pub last: Option<Uuid>,
    /// True if there may be more.
    pub has_more: bool,
}
