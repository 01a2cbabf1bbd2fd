//! `DELETE /v1/environments/{slug}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;

use super::find;
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// The query parameter that repeats the slug.
const CONFIRM: &str = "confirm";

/// Deletes an environment: the endpoints, settings, mappings, secrets and logs of every source in it, its users, runs and
/// API keys, and the management tokens that are limited to it.
///
/// `confirm` has to repeat the slug. Its endpoints return 404 and its slug is free at once. Logs, users and runs are
/// removed in the background. The last environment cannot be deleted.
#[utoipa::path(
    delete,
    path = "/v1/environments/{slug}",
    operation_id = "deleteEnvironment",
    tag = "environments",
    params(
        ("slug" = String, Path, description = "The environment"),
        ("confirm" = String, Query, description = "The slug again: nothing of the environment can be restored"),
    ),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_environment(
    operator: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let confirmed = params.get(CONFIRM).map(str::to_owned);
    engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let environment = find(&snapshot, &slug)?;
            check_confirmation(&slug, confirmed.as_deref())?;
            if snapshot.environments.len() == 1 {
                let message = format!("{slug:?} is the only environment; create another one before you delete it");
                return Err(ApiError::new(Kind::Conflict, message));
            }
            change.delete_environment(environment).await?;
            tracing::info!(environment = slug, by = operator.name(), "an environment was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

fn check_confirmation(slug: &str, confirmed: Option<&str>) -> Result<(), ApiError> {
    match confirmed {
        Some(confirmed) if confirmed == slug => Ok(()),
        Some(other) => Err(ApiError::invalid(CONFIRM, format!("found {other:?}, expected {slug:?}"))),
        None => {
            let message = format!(
                "it is missing; this deletes the users, runs, logs and settings of {slug:?} for good: repeat the slug, \
                 confirm={slug}"
            );
            Err(ApiError::invalid(CONFIRM, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_is_repeated() {
        assert_eq!(check_confirmation("eu", Some("eu")), Ok(()));
        insta::assert_snapshot!(check_confirmation("eu", None).unwrap_err(), @r#"it is missing; this deletes the users, runs, logs and settings of "eu" for good: repeat the slug, confirm=eu"#);
        insta::assert_snapshot!(check_confirmation("eu", Some("EU")).unwrap_err(), @r#"found "EU", expected "eu""#);
    }
}
