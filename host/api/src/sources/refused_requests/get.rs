//! `GET /v1/sources/{key}/refused/{id}`

use axum::{extract::State, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::{
    RawJson,
    refused_requests::{NamedValue, RefusedRequestDetails},
};
use inlet_core::{contract::Field, json};
use inlet_engine::{Engine, ingest::stored_fields, snapshot::Endpoint};
use inlet_store::RefusedRequest as RefusedRecord;

use super::list::refused_request;
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
    stored_json::stored_json,
};

/// The replacement of a credential and of hidden text.
const HIDDEN: &str = "…";

/// Returns a request that verification refused, with its headers and its body. Credentials are masked.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/refused/{id}",
    operation_id = "getRefusedRequest",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The refused request"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The refused request", body = RefusedRequestDetails)),
)]
pub async fn get_refused(
    _: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Response, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let id = parse_path_id("refused request", &id)?;
    let memory = AnswerMemory::new(&engine);
    let found = engine.store.refused_request_within(endpoint.id, id, &memory).await?;
    let record = found.ok_or_else(AnswerMemory::exhausted)?.ok_or_else(|| {
        ApiError::not_found(format!(
            "there is no refused request {id} here; it was let in or dismissed, or it left the ring"
        ))
    })?;
    memory.answer(details(record, &endpoint))
}

fn details(record: RefusedRecord, endpoint: &Endpoint) -> RefusedRequestDetails {
    let redacts = !endpoint.redact_paths.is_empty() || !endpoint.settings.redact_paths.is_empty();
    let hides = endpoint.hides_personal_data || redacts;
    let shown = |field: Field, is_hidden: bool| NamedValue {
        value: if is_hidden { HIDDEN.to_owned() } else { field.value },
        name: field.name,
    };
    let credentials: Vec<&str> = endpoint.credential_headers().collect();
    let headers = record.headers.as_deref().map(|text| {
        let fields = stored_fields::read_headers(text).into_iter();
        let mut headers: Vec<NamedValue> = fields
            .map(|field| {
                let is_credential = credentials.contains(&field.name.as_str());
                shown(field, is_credential || hides)
            })
            .collect();
        // A secret that was sent in clear is kept as a hash only.
        if let (Some(name), Some(_)) = (credentials.first(), &record.credential_hash) {
            headers.push(NamedValue { name: (*name).to_owned(), value: HIDDEN.to_owned() });
        }
        headers
    });
    let query = record.query.as_deref().map(stored_fields::read_fields).unwrap_or_default();
    let (mut body, mut body_text, mut body_base64) = (None, None, None);
    match record.body.as_ref().map(|bytes| std::str::from_utf8(bytes)) {
        None => {}
        Some(Ok(text)) => match RawJson::parse(text) {
            Ok(found) => body = Some(if hides { stored_json(json::mask(text)) } else { found }),
            Err(_) => body_text = Some(if hides { HIDDEN } else { text }.to_owned()),
        },
        Some(Err(_)) if hides => body_text = Some(HIDDEN.to_owned()),
        Some(Err(_)) => body_base64 = record.body.as_ref().map(|bytes| STANDARD.encode(bytes)),
    }
    RefusedRequestDetails {
        request: refused_request(record),
        query: query.into_iter().map(|field| shown(field, hides)).collect(),
        headers,
        body,
        body_text,
        body_base64,
        personal_data_hidden: hides,
    }
}
