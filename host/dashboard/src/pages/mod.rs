//! The pages: a folder for each, with a handler and a template for each view, and its routes.

mod actions;
mod changes;
mod cures;
mod deliveries;
mod environments;
mod issues;
mod json_value;
mod logs;
mod mappings;
mod not_found;
mod objects;
pub mod overview;
mod plugins;
mod replays;
mod runs;
mod search;
mod settings;
mod source_events;
mod source_place;
mod sources;
mod system;
mod targets;
mod try_it;
mod users;
mod workflows;

use axum::{Router, routing::any};

use crate::state::Dashboard;

/// The routes of every page. A page adds its own here.
pub fn routes() -> Router<Dashboard> {
    let pages = [
        overview::routes(),
        sources::routes(),
        environments::routes(),
        logs::routes(),
        replays::routes(),
        actions::routes(),
        search::routes(),
        cures::routes(),
        plugins::routes(),
        changes::routes(),
        settings::routes(),
        system::routes(),
        users::routes(),
        objects::routes(),
        runs::routes(),
        deliveries::routes(),
        targets::routes(),
        source_events::routes(),
        mappings::routes(),
        try_it::routes(),
        issues::routes(),
        workflows::routes(),
    ];
    pages.into_iter().fold(Router::new(), Router::merge)
}

/// The page of an address without a page.
pub fn not_found() -> axum::routing::MethodRouter<Dashboard> {
    any(not_found::show)
}

/// The page of an event whose source is not known here.
fn event_address(environment: &str, id: &str) -> String {
    format!("/e/{}/logs/{}", crate::html::url_part(environment), crate::html::url_part(id))
}

/// Returns a free identifier for something of a platform or a kind: its name, with a number if that is taken.
fn free_key(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|key| !is_taken(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_free() {
        assert_eq!(free_key("inlet/stripe", |_| false), "stripe");
        assert_eq!(free_key("segment", |key| ["segment", "segment-2"].contains(&key)), "segment-3");
    }
}
