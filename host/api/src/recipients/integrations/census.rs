//! `POST /v1/integrations/census/custom-destination`
//!
//! Census (Fivetran Activations) queries objects, fields, operations and speed, and then sends batches of records. A mirror
//! sync sends `upsert` and `delete` batches.

use axum::{extract::State, response::Response};
use inlet_api_types::{
    RawJson,
    recipients::integrations::{RpcRequest, RpcResponse},
};
use inlet_core::json;
use inlet_engine::Engine;
use serde::Serialize;
use serde_json::json;

use super::{
    object::{AUDIENCE_KEY, Field, Object, USER_ID},
    records::{Batch, Change, MAX_RECORDS, members, sent_id},
    rpc::{Failure, RpcCall, reserve_answer, result},
};
use crate::{auth::EnvironmentKey, body::JsonBody, error::ApiError};

/// The most batches at once. More would only wait for each other's commits.
const PARALLEL_BATCHES: usize = 8;

/// Answers a method call of a custom destination of Census, which syncs users and members of audiences.
///
/// A batch holds at most 1,000 records. Each record has a result of its own, and is an entry of the log of API calls. A call
/// that fails is answered 200 with an `error`; a body that is no call is answered 422.
#[utoipa::path(
    post,
    path = "/v1/integrations/census/custom-destination",
    operation_id = "processCensusRpcRequest",
    tag = "integrations",
    request_body = RpcRequest,
    responses((status = 200, description = "The result or the error of the method", body = RpcResponse)),
)]
pub async fn process_census_rpc(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let call = RpcCall::read(&body)?;
    let memory = reserve_answer(&engine, &body)?;
    let result = dispatch(&engine, &key, &call).await;
    call.answer(result, memory)
}

async fn dispatch(engine: &Engine, key: &EnvironmentKey, call: &RpcCall<'_>) -> Result<RawJson, Failure> {
    call.check()?;
    match call.method.as_str() {
        "test_connection" => result(&json!({"success": true})),
        "list_objects" => result(&json!({"objects": Object::ALL.map(describe_object)})),
        "list_fields" => {
            let object = object_named(call.param("object"))?;
            let fields: Vec<_> = object.fields().iter().map(describe_field).collect();
            result(&json!({"fields": fields}))
        }
        "supported_operations" => result(&json!({"operations": operations(object_named(call.param("object"))?)})),
        "get_sync_speed" => result(&json!({
            "maximum_batch_size": MAX_RECORDS,
            "maximum_parallel_batches": PARALLEL_BATCHES,
            "maximum_records_per_second": MAX_RECORDS * PARALLEL_BATCHES,
        })),
        "sync_batch" => sync_batch(engine, key, call).await,
        _ => Err(call.unknown_method()),
    }
}

/// Returns the object that `{"object_api_name": …}` names.
fn object_named(object: Option<&str>) -> Result<Object, Failure> {
    Object::read(object.and_then(|object| json::member(object, "object_api_name"))).ok_or_else(|| {
        Failure::params("object names no object of this destination; expected object_api_name \"user\" or \"audience\"")
    })
}

/// Records of users may have further fields, which become custom properties.
fn describe_object(object: Object) -> serde_json::Value {
    let mut description = json!({"object_api_name": object.id(), "label": object.label()});
    if object == Object::User {
        description["can_create_fields"] = json!("on_write");
    }
    description
}

fn describe_field(field: &Field) -> serde_json::Value {
    json!({
        "field_api_name": field.id,
        "label": field.label,
        "identifier": field.id == USER_ID,
        "required": matches!(field.id, USER_ID | AUDIENCE_KEY),
        "createable": true,
        "updateable": true,
        "type": if field.is_time { "date_time" } else { "string" },
        "array": false,
    })
}

fn operations(object: Object) -> &'static [&'static str] {
    match object {
        Object::User => &["upsert", "insert", "mirror"],
        Object::Audience => &["insert", "mirror"],
    }
}

/// The result of a batch.
#[derive(Serialize)]
struct BatchResult {
    record_results: Vec<RecordResult>,
}

#[derive(Serialize)]
struct RecordResult {
    /// The user's id as it was sent.
    identifier: RawJson,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

async fn sync_batch(engine: &Engine, key: &EnvironmentKey, call: &RpcCall<'_>) -> Result<RawJson, Failure> {
    let records = call.records("records", MAX_RECORDS)?;
    let plan = call.param("sync_plan");
    let object = object_named(plan.and_then(|plan| json::member(plan, "object")))?;
    let change = read_operation(plan.and_then(|plan| json::member(plan, "operation")))?;
    let mut batch = Batch::begin(engine, key, call.body_bytes, (object, change), records.len())?;
    for record in &records {
        batch.push(members(record).as_ref().map_err(String::clone))?;
    }
    let refusals = batch.carry_out().await?;
    let record_results = records.iter().zip(refusals).map(|(record, refusal)| RecordResult {
        identifier: sent_id(record, USER_ID),
        success: refusal.is_none(),
        error_message: refusal,
    });
    result(&BatchResult { record_results: record_results.collect() })
}

/// New users are not told from known ones: an insert and an update are upserts.
fn read_operation(operation: Option<&str>) -> Result<Change, Failure> {
    match operation.and_then(json::string).as_deref() {
        Some("upsert" | "insert" | "update") => Ok(Change::Add),
        Some("delete") => Ok(Change::Remove),
        _ => Err(Failure::params("sync_plan.operation is not known; expected upsert, insert, update or delete")),
    }
}
