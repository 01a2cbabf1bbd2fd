//! `GET /v1/nodes`

use axum::{Json, extract::State};
use inlet_api_types::nodes::{Node, NodeList, NodeState};
use inlet_core::time;
use inlet_engine::Engine;

use crate::{auth::Operator, error::ApiError};

/// Returns the servers that share the database and were heard of in the last hour. A server with a database of its own is
/// alone in the list.
#[utoipa::path(
    get,
    path = "/v1/nodes",
    operation_id = "listNodes",
    tag = "administration",
    responses((status = 200, description = "The servers, the first started first", body = NodeList)),
)]
pub async fn list_nodes(_: Operator, State(engine): State<Engine>) -> Result<Json<NodeList>, ApiError> {
    let nodes = engine.nodes().await?.into_iter().map(|record| Node {
        is_this: record.node.id == engine.node_id,
        id: record.node.id.to_string(),
        name: record.node.name,
        version: record.node.version,
        state: if record.is_alive { NodeState::Alive } else { NodeState::Gone },
        started_at: time::write_ms(record.node.started_at_ms),
        seen_at: time::write_ms(record.seen_at_ms),
        clock_behind_ms: record.clock_behind_ms,
    });
    Ok(Json(NodeList { entries: nodes.collect() }))
}
