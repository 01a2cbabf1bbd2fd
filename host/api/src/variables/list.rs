//! `GET /v1/variables`

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    variables::{Variable, VariableList},
};
use inlet_core::variables::VariableType;
use inlet_engine::Engine;

use super::response;
use crate::{auth::Operator, error::ApiError, query::Params};

/// Lists the variables of an environment, by key, without the values of secret ones.
#[utoipa::path(
    get,
    path = "/v1/variables",
    operation_id = "listVariables",
    tag = "environments",
    params(
        ("environment" = String, Query, description = "The environment"),
        ("type" = Option<String>, Query, description = "Only `public` or only `secret` ones"),
        ("after" = Option<String>, Query, description = "Accepted for compatibility; the list is complete"),
        ("before" = Option<String>, Query, description = "Accepted for compatibility; the list is complete"),
        ("limit" = Option<u32>, Query, description = "Accepted for compatibility; the list is complete"),
    ),
    responses((status = 200, description = "The variables", body = VariableList)),
)]
pub async fn list_variables(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<VariableList>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    operator.may_see(environment)?;
    let wanted = match params.get("type") {
        None => None,
        Some(name) => Some(
            VariableType::parse(name)
                .ok_or_else(|| ApiError::invalid("type", format!("found {name:?}, expected public or secret")))?,
        ),
    };
    let found = snapshot.variables_of(environment.id);
    let found = found.filter(|variable| wanted.is_none_or(|wanted| variable.variable_type == wanted));
    let entries: Vec<Variable> = found.map(response).collect();
    Ok(Json(VariableList { page_info: PageInfo::whole(entries.len()), entries }))
}
