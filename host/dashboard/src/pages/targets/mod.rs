//! `/e/{environment}/targets`: the receivers of runs.

mod change_state;
mod create;
mod delete;
mod edit;
mod form;
mod health;
mod kinds;
mod list;
mod show;
mod test;
mod workflows;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{html::url_part, state::Dashboard};

/// The routes of this page. No key of a target begins with `~`.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/targets", get(list::list))
        .route("/e/{environment}/targets/~new", get(create::choose))
        .route("/e/{environment}/targets/~new/{kind}", get(create::form).post(create::create))
        .route("/e/{environment}/targets/{key}", get(show::show))
        .route("/e/{environment}/targets/{key}/edit", get(edit::form).post(edit::save))
        .route("/e/{environment}/targets/{key}/state", post(change_state::change_state))
        .route("/e/{environment}/targets/{key}/test", get(test::show).post(test::send))
        .route("/e/{environment}/targets/{key}/workflows", get(workflows::list))
        .route("/e/{environment}/targets/{key}/delete", post(delete::delete))
}

/// The page of a target.
pub fn target_address(environment: &str, key: &str) -> String {
    format!("/e/{}/targets/{}", url_part(environment), url_part(key))
}

/// The page that adds a target.
pub fn new_target_address(environment: &str) -> String {
    format!("/e/{}/targets/~new", url_part(environment))
}

/// The path of the API of a target, or of an operation of it such as `/pause`.
fn api_path(environment: &str, key: &str, operation: &str) -> String {
    format!("/v1/targets/{}{operation}?environment={}", url_part(key), url_part(environment))
}
