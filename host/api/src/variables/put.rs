//! `PUT /v1/variables/{key}`

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use inlet_api_types::variables::{UpsertVariable, Variable, VariableRequest};
use inlet_core::variables::{MAX_BYTES, MAX_VARIABLES, VariableType, check_key};
use inlet_engine::{Engine, snapshot::Snapshot};
use inlet_store::{Environment, NewVariable, VariableRecord};

use super::{find, response};
use crate::{
    auth::Operator,
    body::Body,
    error::ApiError,
    etag::{check_if_match, etag},
    path::Name,
    query::Params,
};

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 4096;

/// Creates a variable of an environment, or changes it. Mappings see the new value at once.
///
/// At most 100 variables, and 256 KiB of values, in one environment.
#[utoipa::path(
    put,
    path = "/v1/variables/{key}",
    operation_id = "upsertVariable",
    tag = "environments",
    params(
        ("key" = String, Path, description = "The variable: a letter or _, then letters, digits and _, at most 64"),
        ("environment" = String, Query, description = "The environment"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the change was made from; 412 if there is another by now"),
    ),
    request_body = UpsertVariable,
    responses((
        status = 200,
        description = "The variable as it is now, without a secret value",
        body = Variable,
        headers(("ETag" = String, description = "Its version, for `If-Match`")),
    )),
)]
pub async fn put_variable(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    headers: HeaderMap,
    Body(request): Body<UpsertVariable>,
) -> Result<impl IntoResponse, ApiError> {
    check_key(&key).map_err(|message| ApiError::invalid("key", message))?;
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let (version, variable) = engine
        .configure(operator.author(), move |change| async move {
            let snapshot = change.snapshot();
            let present = find(&snapshot, &environment, &key).ok();
            check_if_match(&headers, present.map(|present| present.version))?;
            let new = new_variable(&environment, &key, request.variable, present)?;
            check_limits(&snapshot, &new)?;
            let is_same = present.is_some_and(|present| {
                let same_value = new.value.is_none() || (new.value == present.value && present.value.is_some());
                same_value && new.description == present.description
            });
            if !is_same {
                change.put_variable(&environment, present, new).await?;
                let by = operator.name();
                tracing::info!(variable = key, environment = environment.slug, by, "a variable was set");
            }
            let snapshot = change.snapshot();
            let saved = find(&snapshot, &environment, &key)?;
            Ok::<_, ApiError>((saved.version, response(saved)))
        })
        .await?;
    Ok((AppendHeaders([(header::ETAG, etag(version))]), Json(variable)))
}

pub fn new_variable(
    environment: &Environment,
    key: &str,
    request: VariableRequest,
    present: Option<&VariableRecord>,
) -> Result<NewVariable, ApiError> {
    const TYPE: &str = "variable.type";
    let asked = request.variable_type.as_deref().map(|name| {
        let message = || ApiError::invalid(TYPE, format!("found {name:?}, expected public or secret"));
        VariableType::parse(name).ok_or_else(message)
    });
    let asked = asked.transpose()?;
    let variable_type = match (present, asked) {
        (Some(present), Some(asked)) if present.variable_type != asked => {
            let message = format!(
                "found {:?}, but the variable is {:?} and stays so; delete it and create it again",
                asked.as_str(),
                present.variable_type.as_str()
            );
            return Err(ApiError::invalid(TYPE, message));
        }
        (Some(present), _) => present.variable_type,
        (None, asked) => asked.unwrap_or(VariableType::Public),
    };
    if present.is_none() && request.value.is_none() {
        return Err(ApiError::invalid("variable.value", "it is missing; expected a string, since the variable is new"));
    }
    let description = request.description.apply(present.and_then(|present| present.description.clone()));
    if description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        let message = format!("it is too long; expected at most {MAX_DESCRIPTION} characters");
        return Err(ApiError::invalid("variable.description", message));
    }
    Ok(NewVariable {
        environment_id: environment.id,
        key: key.to_owned(),
        variable_type,
        value: request.value,
        description,
    })
}

fn check_limits(snapshot: &Snapshot, new: &NewVariable) -> Result<(), ApiError> {
    let others = || snapshot.variables_of(new.environment_id).filter(|variable| variable.key != new.key);
    let count = others().count() + 1;
    if count > MAX_VARIABLES {
        let message = format!("the environment has {MAX_VARIABLES} variables, and no more are kept; delete one first");
        return Err(ApiError::invalid("key", message));
    }
    let held: usize = others().filter_map(|variable| usize::try_from(variable.bytes).ok()).sum();
    let bytes = held + new.value.as_ref().map_or(0, String::len);
    match bytes > MAX_BYTES {
        true => {
            let message = format!(
                "the values of the environment's variables would have {bytes} bytes in all; at most {MAX_BYTES} are kept"
            );
            Err(ApiError::invalid("variable.value", message))
        }
        false => Ok(()),
    }
}
