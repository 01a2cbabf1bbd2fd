//! `GET /v1/sources/{key}/logs/{id}/test_case`

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::test_cases::TestCase;
use inlet_conformance::{described, suite::cases::folder_of_new_cases};
use inlet_core::contract::{Body, Field};
use inlet_engine::{Engine, ingest::test_case::test_case};
use inlet_store::EventQuery;
use serde_json::{Value, json};

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::{ApiError, Kind},
    path::TwoNames,
    query::Params,
    sources::lookup::{find_endpoint, find_source, parse_path_id},
    stored_json::stored_json,
};

/// Returns a logged item as a test case of its plugin, in the format of `inlet plugin test`.
///
/// It holds what was received; `inlet plugin capture` masks personal data. What is expected is what the plugin, in the
/// version that translated the item, makes of it now.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/logs/{id}/test_case",
    operation_id = "getLogTestCase",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The log entry"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The test case", body = TestCase)),
)]
pub async fn get_log_test_case(
    _: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Json<TestCase>, ApiError> {
    let (snapshot, catalog) = (engine.snapshot(), engine.catalog());
    let source = find_source(&snapshot, &key)?;
    let endpoint = find_endpoint(source, params.required_environment(&snapshot)?)?;
    let id = parse_path_id("log entry", &id)?;
    if endpoint.hides_personal_data {
        let message =
            "this environment hides personal data, which a test case would hold; capture a request of another one";
        return Err(ApiError::new(Kind::Conflict, message));
    }
    let memory = AnswerMemory::new(&engine);
    let query = EventQuery { include_actions: false, ..EventQuery::one(vec![endpoint.id], id) };
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let unknown = || ApiError::not_found(format!("there is no log entry {id} here; it may be past its retention"));
    let event = page.items.into_iter().next().ok_or_else(unknown)?;
    let plugin = catalog.by_digest(&source.record.provider, &event.plugin.digest).ok_or_else(|| {
        let message = format!("this server no longer has version {} of the plugin", event.plugin.version);
        ApiError::new(Kind::Conflict, message)
    })?;
    let then = endpoint.with_plugin(&source.record, plugin, &catalog, &engine.limits);
    let found = test_case(&engine, &then, plugin, &event, &memory).await?;
    let case = found.map_err(|reason| ApiError::new(Kind::Conflict, reason.to_string()))?;
    let request = &case.request;
    let manifest = plugin.manifest();
    // The suite passes what the manifest names; what the operator keeps beside it is left out.
    let named = |fields: &[Field], names: &[String]| -> Vec<Value> {
        let is_named = |field: &&Field| names.iter().any(|name| *name == field.name || name == "*");
        fields.iter().filter(is_named).map(|field| json!([field.name, field.value])).collect()
    };
    let facts: Vec<Value> = request.facts.iter().map(|field| json!([field.name, field.value])).collect();
    let options: Value = serde_json::from_str(&request.options).unwrap_or_else(|_| json!({}));
    let file = json!({
        "method": request.method, "path": request.path, "query": named(&request.query, &manifest.query),
        "headers": named(&request.headers, &manifest.headers), "options": options, "facts": facts,
        "received_at_ms": request.received_at_ms,
    });
    let (body, body_base64) = match &request.body {
        Body::Text(text) => (Some(text.to_string()), None),
        Body::Bytes(bytes) => (None, Some(STANDARD.encode(bytes))),
    };
    Ok(Json(TestCase {
        name: name_of(&event.event_type, &id.to_string()),
        folder: folder_of_new_cases(&manifest.contract),
        request: stored_json(format!("{file:#}\n")),
        expected: stored_json(format!("{:#}\n", described(&case.translation))),
        body,
        body_base64,
    }))
}

/// Returns a name for a folder: the event type in plain characters, and the end of the id.
fn name_of(event_type: &str, id: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let words: String = event_type.chars().take(60).map(plain).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let words = if words.is_empty() { "item".to_owned() } else { words.join("-") };
    format!("{words}-{}", &id[id.len().saturating_sub(8)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_whatever_the_event_is_called() {
        let id = "019b7c9b-7eae-7000-8000-00000000abcd";
        assert_eq!(name_of("track/Order Completed", id), "track-order-completed-0000abcd");
        assert_eq!(name_of("../../étc/<script>", id), "tc-script-0000abcd");
        assert_eq!(name_of("", id), "item-0000abcd");
    }
}
