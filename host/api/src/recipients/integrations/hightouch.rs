//! `POST /v1/integrations/hightouch/embedded-destination`
//!
//! Hightouch queries objects, sync modes, fields and options, and then sends rows with the columns of the customer's model.
//! The configuration of the sync, which every such call holds, says which column is which field.

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
    hightouch_configuration::{Configuration, MIRROR},
    object::{AUDIENCE_KEY, Field, Object, USER_ID},
    records::{Batch, Change, MAX_RECORDS, members, sent_id},
    rpc::{Failure, RpcCall, reserve_answer, result},
};
use crate::{auth::EnvironmentKey, body::JsonBody, error::ApiError};

/// Answers a method call of an embedded destination of Hightouch, which syncs users and members of audiences.
///
/// A call holds at most 1,000 rows. A row that was not taken is named in `rejectedRows`, and the others are taken; each is an
/// entry of the log of API calls. A call that fails is answered 200 with an `error`; a body that is no call is answered 422.
#[utoipa::path(
    post,
    path = "/v1/integrations/hightouch/embedded-destination",
    operation_id = "processHightouchRpcRequest",
    tag = "integrations",
    request_body = RpcRequest,
    responses((status = 200, description = "The result or the error of the method", body = RpcResponse)),
)]
pub async fn process_hightouch_rpc(
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
        "list_objects" => {
            let objects = Object::ALL.map(|object| json!({"id": object.id(), "label": object.label()}));
            result(&json!({"objects": objects}))
        }
        "list_modes" => result(&json!({"modes": modes(object_named(call)?)})),
        "list_fields" => {
            let fields = object_named(call)?.fields().iter();
            // The key of the audience is an option: a model of one audience rarely has a column with it.
            let fields: Vec<_> = fields.filter(|field| field.id != AUDIENCE_KEY).map(describe_field).collect();
            result(&json!({"fields": fields}))
        }
        "list_options" => result(&json!({"options": options(object_named(call)?)})),
        "validate" => {
            let errors = match configuration(call) {
                Ok(configuration) => configuration.faults(),
                Err(sentence) => vec![sentence],
            };
            let errors: Vec<_> = errors.into_iter().map(|message| json!({"message": message})).collect();
            result(&json!({"errors": errors}))
        }
        "behavior" => {
            let configuration = configuration(call).map_err(Failure::params)?;
            let operations = json!({
                "add": true,
                "change": configuration.object == Object::User,
                "remove": configuration.is_mirror,
            });
            result(&json!({"batchSize": MAX_RECORDS, "operations": operations, "skipInitialRun": false}))
        }
        "add" | "change" => sync_rows(engine, key, call, Change::Add).await,
        "remove" => sync_rows(engine, key, call, Change::Remove).await,
        _ => Err(call.unknown_method()),
    }
}

fn object_named(call: &RpcCall<'_>) -> Result<Object, Failure> {
    Object::read(call.param("object"))
        .ok_or_else(|| Failure::params("object names no object of this destination; expected \"user\" or \"audience\""))
}

fn configuration<'a>(call: &RpcCall<'a>) -> Result<Configuration<'a>, String> {
    Configuration::read(call.param("configuration"))
}

fn modes(object: Object) -> serde_json::Value {
    match object {
        Object::User => json!([
            {"id": "upsert", "label": "Upsert", "description": "Identify the users of added and changed rows"},
            {"id": MIRROR, "label": "Mirror", "description": "Also delete the users of removed rows"},
        ]),
        Object::Audience => json!([
            {"id": "insert", "label": "Insert only", "description": "Add the users of added rows to the audience"},
            {"id": MIRROR, "label": "Mirror", "description": "Also remove the users of removed rows from the audience"},
        ]),
    }
}

fn describe_field(field: &Field) -> serde_json::Value {
    let kind = if field.is_time { "DATETIME" } else { "STRING" };
    let mut description = json!({"id": field.id, "label": field.label, "type": kind});
    if field.id == USER_ID {
        description["identifier"] = json!(true);
    }
    description
}

/// Returns the form of a sync's options, in the language of react-jsonschema-form.
fn options(object: Object) -> serde_json::Value {
    match object {
        Object::User => serde_json::Value::Null,
        Object::Audience => json!({
            "schema": {
                "type": "object",
                "required": [AUDIENCE_KEY],
                "properties": {
                    AUDIENCE_KEY: {
                        "type": "string",
                        "title": "Audience key",
                        "description": "The audience that the users become members of. It begins with its first member.",
                    },
                },
            },
            "uiSchema": {},
        }),
    }
}

/// The result of a call with rows.
#[derive(Serialize)]
struct RowsResult {
    #[serde(rename = "rejectedRows")]
    rejected_rows: Vec<RejectedRow>,
}

/// A row that was not taken. Hightouch does not document its shape.
#[derive(Serialize)]
struct RejectedRow {
    index: usize,
    /// The row's id as it was sent.
    id: RawJson,
    message: String,
}

async fn sync_rows(
    engine: &Engine,
    key: &EnvironmentKey,
    call: &RpcCall<'_>,
    change: Change,
) -> Result<RawJson, Failure> {
    let rows = call.records("rows", MAX_RECORDS)?;
    let configuration = configuration(call).map_err(Failure::params)?;
    let id_column = call.param("idColumn").and_then(json::string);
    let Some(identifier) = configuration.column(USER_ID).or(id_column.as_deref()) else {
        return Err(Failure::params(
            "neither configuration.identifierMapping nor idColumn names the column of user_id",
        ));
    };
    let mut batch = Batch::begin(engine, key, call.body_bytes, (configuration.object, change), rows.len())?;
    for row in &rows {
        match members(row) {
            Ok(row) => batch.push(Ok(&configuration.record(&row, identifier)))?,
            Err(reason) => batch.push(Err(reason))?,
        }
    }
    let refusals = batch.carry_out().await?.into_iter().enumerate();
    let id_column = id_column.as_deref().unwrap_or(identifier);
    let rejected = refusals.filter_map(|(index, refusal)| {
        Some(RejectedRow { index, id: sent_id(rows.get(index)?, id_column), message: refusal? })
    });
    result(&RowsResult { rejected_rows: rejected.collect() })
}
