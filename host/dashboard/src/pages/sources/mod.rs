//! `/sources`: the platforms that send, and the pages of one in its environments.

mod compare;
mod create;
mod delete;
mod list;
mod refused;
mod set_up;
mod setting_names;
mod settings;
mod show;
pub mod summary;
mod toggle;
mod verification;

use axum::{
    Router,
    routing::{get, post},
};
use inlet_api::Scope;

use crate::{context::Page, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/sources", get(list::list))
        .route("/sources/new", get(create::show).post(create::create))
        .route("/sources/new/install", post(create::install))
        .route("/sources/{key}", get(show::show))
        .route("/sources/{key}/toggle", post(toggle::toggle))
        .route("/sources/{key}/compare", get(compare::show).post(compare::apply))
        .route("/sources/{key}/delete", post(delete::delete))
        .merge(settings::routes())
        .merge(set_up::routes())
        .merge(refused::routes())
}

/// Returns true if the session may create sources, which are there in all environments.
pub fn may_create(page: &Page) -> bool {
    page.can(Scope::Operate) && page.operator().environment_ids().is_none()
}
