//! The dashboard: pages made on the server from the management API, for the admin listener.
//!
//! A page is a handler that calls the API in process on its session's behalf ([`context::Page`]) and renders a template.
//! There is no SQL here and no rule of the engine: what a page needs and the API lacks, the API gains first, so that scopes,
//! the limits of environments, validation and the log of changes are the API's. Stored JSON stays text to the end.
//!
//! `host/README.md` says how a page is added.

pub mod components;
pub mod context;
pub mod csrf;
pub mod error;
pub mod headers;
pub mod html;
pub mod layout;
pub mod respond;
pub mod session;
pub mod state;
pub mod tabs;

mod api;
mod assets;
mod commands;
mod pages;
mod preferences;
mod sse;
mod stream;
mod upload;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{MethodRouter, get, post},
};

use self::session::{sign_in, sign_out};
pub use self::{
    context::Peer,
    state::{Dashboard, Options, PersonHeader},
};

impl Dashboard {
    /// Returns the routes of the dashboard.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let signed_in = pages::routes()
            .route("/sign-out", post(sign_out::sign_out))
            .route("/preferences/theme", post(preferences::set_theme))
            .layer(from_fn_with_state(self.clone(), context::provide));
        let open = Router::new()
            .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
            .route("/sign-in/{code}", get(sign_in::by_link))
            .route("/assets/{digest}/{name}", get(assets::serve));
        signed_in.merge(open).with_state(self.clone())
    }

    /// Returns the page of an address without a page, for browsers.
    pub fn not_found<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        pages::not_found().layer(from_fn_with_state(self.clone(), context::provide)).with_state(self.clone())
    }
}
