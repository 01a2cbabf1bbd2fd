//! The servers of the database, as each of them tells the others of itself.

use inlet_store::{NewNode, NodeRecord, ReadError};

use crate::Engine;

impl Engine {
    /// Returns what this server tells of itself.
    pub(crate) fn this_node(&self) -> NewNode {
        NewNode {
            id: self.node_id,
            name: self.options.node_name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at_ms: self.started_at_ms,
        }
    }

    /// Returns the servers that share the database and were heard of in the last hour, the first started first. A server
    /// with a database of its own is alone in the list; nothing is read for it.
    pub async fn nodes(&self) -> Result<Vec<NodeRecord>, ReadError> {
        if self.store.is_shared() {
            return self.store.nodes().await;
        }
        Ok(vec![NodeRecord { node: self.this_node(), seen_at_ms: self.now_ms(), clock_behind_ms: 0, is_alive: true }])
    }
}
