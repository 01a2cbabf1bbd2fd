//! JSON-RPC 2.0 calls of platforms that sync a warehouse.

use serde::Serialize;
use utoipa::ToSchema;

use crate::RawJson;

/// A method call. Members beside these are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"jsonrpc": "2.0", "id": "1", "method": "list_objects", "params": {}}))]
pub struct RpcRequest {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// Id of the call, which the answer repeats.
    pub id: String,
    /// Name of the method.
    pub method: String,
    /// Parameters of the method, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub params: Option<RawJson>,
}

/// The answer to a method call: a result or an error.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RpcResponse {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// Id of the call.
    pub id: String,
    /// Result of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub result: Option<RawJson>,
    /// Error, in place of a result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<RpcError>,
}

/// The reason why a method has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RpcError {
    /// Code of JSON-RPC 2.0: -32600 no valid call, -32601 no such method, -32602 wrong parameters.
    pub code: i32,
    /// Human-readable message.
    pub message: String,
}
