//! `GET /v1/operational_events`

use axum::{Json, extract::State};
use inlet_api_types::{PageParams, operational_events::OperationalEventList};
use inlet_core::{nearest::nearest, operational::OperationalEventType};
use inlet_engine::Engine;
use inlet_store::OperationalEventQuery;

use super::response::operational_event;
use crate::{
    auth::Operator,
    error::ApiError,
    page::{PageRequest, page_info},
    query::Params,
};

/// Lists what the server noticed about itself, newest first, whether or not there is a webhook for it. The newest thousand are
/// kept.
#[utoipa::path(
    get,
    path = "/v1/operational_events",
    operation_id = "listOperationalEvents",
    tag = "administration",
    params(
        ("environment" = Option<String>, Query, description = "In this environment; if absent, in all that the token is good for, and what is about the whole server if it is good everywhere"),
        ("type" = Option<String>, Query, description = "Of this type, for example `target.disabled`"),
        PageParams,
    ),
    responses((status = 200, description = "The events", body = OperationalEventList)),
)]
pub async fn list_operational_events(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<OperationalEventList>, ApiError> {
    let snapshot = engine.snapshot();
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let environment_ids = match params.environment(&snapshot)? {
        Some(environment) => Some(vec![environment.id]),
        None => operator.environment_ids().map(<[i64]>::to_vec),
    };
    let event_type = params.get("type").map(read_type).transpose()?;
    let query = OperationalEventQuery { environment_ids, event_type, cursor, limit };
    let page = engine.store.operational_events(&query).await?;
    let page_info = page_info(&page, limit, |event| event.id);
    let entries = page.items.into_iter().map(|record| operational_event(record, &snapshot)).collect();
    Ok(Json(OperationalEventList { entries, page_info }))
}

fn read_type(name: &str) -> Result<OperationalEventType, ApiError> {
    OperationalEventType::parse(name).ok_or_else(|| {
        let names = OperationalEventType::ALL.map(OperationalEventType::as_str);
        let hint = match nearest(name, names) {
            Some(near) => format!("the nearest is {near:?}"),
            None => format!("expected one of {}", names.join(", ")),
        };
        ApiError::invalid("type", format!("there is no operational event {name:?}; {hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_type_names_the_nearest() {
        assert_eq!(read_type("disk.low"), Ok(OperationalEventType::DiskLow));
        insta::assert_snapshot!(read_type("target.disable").unwrap_err(), @r#"there is no operational event "target.disable"; the nearest is "target.disabled""#);
        insta::assert_snapshot!(read_type("zzz").unwrap_err(), @r#"there is no operational event "zzz"; expected one of test, target.failing, target.disabled, target.recovered, delivery.exhausted, source.needs_attention, source.silent, source.rate_limited, plugin.quarantined, disk.low, retention.paused"#);
    }
}
