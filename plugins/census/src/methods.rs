//! The methods of a custom destination.
//!
//! Census first queries objects, fields, operations and speed. Then it sends records; only these create events.

use inlet_plugin::jsonrpc::{Call, quote};
use inlet_plugin::rows::{Object, RowLimits, UNKNOWN_OBJECT, identifies_nobody};
use inlet_plugin::{Kind, Node, Request, Translation};

use crate::batch;

/// Maximum number of concurrent batches. The host gives one source at most half of its sandboxes, 64 by default. More
/// batches would only wait for each other's commits.
const PARALLEL_BATCHES: usize = 8;

/// Answers a query, or hands over the records of a batch.
pub(crate) fn dispatch(request: &Request, call: &Call<'_>) -> Translation {
    match call.method.as_ref() {
        "test_connection" => call.answered(&connection_test(request)),
        "list_objects" => {
            let objects: Vec<_> = offered_objects(request).into_iter().map(object).collect();
            call.answered(&format!(r#"{{"objects":[{}]}}"#, objects.join(",")))
        }
        "list_fields" => answer_for_object(call, |object| format!(r#"{{"fields":[{}]}}"#, fields(object))),
        "supported_operations" => {
            answer_for_object(call, |object| format!(r#"{{"operations":{}}}"#, operations(object)))
        }
        "get_sync_speed" => call.answered(&speed(request)),
        "sync_batch" => match batch::items(request, call) {
            Ok(items) => call.brought(items),
            Err(notice) => call.wrong_params(&notice.code, notice.message),
        },
        _ => call.unknown_method(),
    }
}

/// Returns the object named by `{"object":{"object_api_name":…}}`.
pub(crate) fn object_named(object: Option<Node<'_>>) -> Result<Object, &'static str> {
    object.and_then(|object| Object::of(&object.get("object_api_name")?.as_str()?)).ok_or(UNKNOWN_OBJECT)
}

/// Tests the connection. If the source's options offer events only, it succeeds even if the source does not identify
/// users.
fn connection_test(request: &Request) -> String {
    match identifies_nobody(request).filter(|_| offered_objects(request).contains(&Object::User)) {
        None => r#"{"success":true}"#.to_owned(),
        Some(sentence) => {
            let sentence = format!("{sentence} To sync events alone, set the source's option objects to [\"event\"].");
            format!(r#"{{"success":false,"error_message":{}}}"#, quote(&sentence))
        }
    }
}

/// Returns the objects that the operator's options offer; both by default.
fn offered_objects(request: &Request) -> Vec<Object> {
    let listed = request.option("objects").filter(|listed| listed.kind() == Kind::Array);
    let listed: Vec<_> = listed.iter().flat_map(Node::items).filter_map(|name| Object::of(&name.as_str()?)).collect();
    if listed.is_empty() { Object::ALL.to_vec() } else { listed }
}

/// Answers a query about an object.
fn answer_for_object(call: &Call<'_>, answer: impl FnOnce(Object) -> String) -> Translation {
    match object_named(call.param("object")) {
        Ok(object) => call.answered(&answer(object)),
        Err(sentence) => call.wrong_params("unsupported", sentence),
    }
}

/// Describes an object. Records may have further fields, which become custom properties.
fn object(object: Object) -> String {
    format!(r#"{{"object_api_name":"{}","label":"{}","can_create_fields":"on_write"}}"#, object.id(), object.label())
}

fn fields(object: Object) -> String {
    let fields = object.fields().iter().map(|field| {
        let kind = if field.time { "date_time" } else { "string" };
        let identifier = field.id == object.identifier();
        let required = identifier || (object == Object::Event && field.id == "event");
        format!(
            r#"{{"field_api_name":"{}","label":"{}","identifier":{identifier},"required":{required},"createable":true,"updateable":true,"type":"{kind}","array":false}}"#,
            field.id, field.label,
        )
    });
    fields.collect::<Vec<_>>().join(",")
}

/// Returns the operations of an object. An event happens once, so it can only be inserted.
fn operations(object: Object) -> &'static str {
    match object {
        Object::User => r#"["upsert","insert","mirror"]"#,
        Object::Event => r#"["insert"]"#,
    }
}

fn speed(request: &Request) -> String {
    let batch = RowLimits::of(request).batch_size();
    format!(
        r#"{{"maximum_batch_size":{batch},"maximum_parallel_batches":{PARALLEL_BATCHES},"maximum_records_per_second":{}}}"#,
        batch * PARALLEL_BATCHES,
    )
}
