//! Two people changed one mapping: both versions side by side.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use inlet_api_types::{
    RawJson,
    sources::{MappingRequest, SourceMapping},
};
use inlet_core::json;

use super::saved::request_of;
use crate::{
    components::{
        Html, icon,
        json_differences::{differences, marked_tree},
        time,
    },
    context::Page,
    html::url_part,
    layout::Layout,
    pages::source_place::{Configuration, SourcePlace},
    respond,
};

/// The change that was to be saved.
pub struct Mine<'a> {
    /// The mapping.
    pub request: &'a MappingRequest,
    /// The form.
    pub pairs: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "pages/mappings/conflict.html")]
struct ConflictPage<'a> {
    layout: Layout<'a>,
    place: &'a SourcePlace,
    /// The form, as of the present version.
    pairs: Vec<(&'a str, String)>,
    mine: Html,
    theirs: Option<Html>,
    changed_at: Option<&'a str>,
    take_theirs: String,
}

/// Shows both versions, with the values marked in which they differ.
pub fn show(
    page: &Page,
    place: &SourcePlace,
    configuration: &Configuration,
    mine: Mine<'_>,
    theirs: Option<&SourceMapping>,
) -> Response {
    let (my_text, their_text) = (text(mine.request), theirs.map(|theirs| text(&request_of(theirs))));
    let found = differences(&my_text, their_text.as_deref().unwrap_or(&my_text));
    let base = theirs.map_or("", |theirs| theirs.updated_at.as_str());
    let version = configuration.version.to_string();
    let is_kept = |name: &str| !["csrf", "base", "version"].contains(&name) && (theirs.is_some() || name != "id");
    let kept = mine.pairs.iter().filter(|(name, _)| is_kept(name));
    let mut pairs: Vec<(&str, String)> = kept.map(|(name, value)| (name.as_str(), value.clone())).collect();
    pairs.extend([("base", base.to_owned()), ("version", version)]);
    let list = place.page("mappings");
    let take_theirs = theirs.map_or_else(|| list.clone(), |theirs| format!("{list}/{}", url_part(&theirs.id)));
    let view = ConflictPage {
        layout: Layout::new(page, "Changed in the meantime").in_source(&place.key),
        place,
        pairs,
        mine: marked_tree(&my_text, "your version", &found.first),
        theirs: their_text.as_deref().map(|text| marked_tree(text, "the saved version", &found.second)),
        changed_at: theirs.map(|theirs| theirs.updated_at.as_str()),
        take_theirs,
    };
    let mut response = respond::html(&view);
    *response.status_mut() = StatusCode::PRECONDITION_FAILED;
    response
}

/// Returns a mapping as the API has it, without its id.
fn text(request: &MappingRequest) -> String {
    let quoted = |text: &Option<String>| text.as_deref().map_or_else(|| "null".to_owned(), json::quote);
    let (event_type, action_type) = (quoted(&request.event_type), quoted(&request.action_type));
    let active = request.active.unwrap_or(true).to_string();
    let mut members = vec![("event_type", event_type.as_str()), ("action_type", &action_type)];
    members.extend(request.when.as_ref().map(|when| ("when", when.as_text())));
    members.push(("action_parameters", request.action_parameters.as_ref().map_or("{}", RawJson::as_text)));
    members.push(("active", &active));
    json::object(members)
}
