//! The servers that share a database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The servers that were heard of in the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeList {
    /// The servers, the first started first.
    pub entries: Vec<Node>,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// The id of the process; a server that is started again gets another one.
    pub id: String,
    /// The name: `node_name` of its configuration, or that of its machine.
    pub name: String,
    /// The version.
    pub version: String,
    /// True for the server that answers.
    pub is_this: bool,
    /// `alive`, or `gone` if it has not been heard of for 30 seconds: it was killed, or is cut off from the database.
    pub state: NodeState,
    /// The time of the start.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The time at which it was last heard of, by the database's clock.
    #[schema(format = DateTime)]
    pub seen_at: String,
    /// The time by which its machine's clock was behind the database's then, in milliseconds; negative if it was ahead. The
    /// server corrects it.
    pub clock_behind_ms: i64,
}

/// The state of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It writes that it is alive.
    Alive,
    /// It does not any more.
    Gone,
}
