//! `GET /e/{environment}/logs/{source}/{id}/value`: a part of a large received item, or the whole as a download.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::{HeaderValue, header},
    response::IntoResponse as _,
};
use inlet_api_types::logs::{SourceLog, SourceLogList};
use inlet_core::json;
use serde::Deserialize;

use super::Place;
use crate::{
    components::{Html, json_find::Found, json_tree::JsonTree},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// The part.
#[derive(Debug, Deserialize)]
pub struct ValueQuery {
    /// The JSON pointer of a value in the item.
    #[serde(default)]
    pointer: String,
    /// True for the text itself.
    #[serde(default)]
    raw: bool,
    /// The text to find in the value.
    find: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/logs/value.html", blocks = ["tree"])]
struct ValuePage<'a> {
    layout: Layout<'a>,
    place: &'a Place,
    pointer: &'a str,
    tree: Html,
}

/// Returns the address of the parts of an entry's item, which ends before the pointer.
pub fn parts(place: &Place) -> String {
    format!("{}/value?pointer=", place.own())
}

/// Shows the value at a JSON pointer of the received item.
pub async fn show(
    page: Page,
    Path((environment, source, id)): Path<(String, String, String)>,
    Query(ValueQuery { pointer, raw, find }): Query<ValueQuery>,
) -> PageResult {
    let place = Place { environment, source, id };
    let [source, id, environment] = [&place.source, &place.id, &place.environment].map(|part| url_part(part));
    let list: SourceLogList = page.get(&format!("/v1/sources/{source}/logs?environment={environment}&id={id}")).await?;
    let gone = || PageError::not_found("there is no such value here; the entry may be past its retention");
    let entry: SourceLog = list.entries.into_iter().next().ok_or_else(gone)?;
    let item = entry.original.as_ref().ok_or_else(gone)?.as_text();
    let value = if pointer.is_empty() { item } else { json::point(item, &pointer).ok_or_else(gone)? };
    if raw {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"item.json\"")),
        ];
        return Ok((headers, value.to_owned()).into_response());
    }
    let tree = match find {
        Some(wanted) => Found::of(value, &wanted).html(&format!("{}{}", parts(&place), url_part(&pointer))),
        None => JsonTree::new(value, "the value").at(&pointer).loading(&parts(&place)).html(),
    };
    let layout = Layout::new(&page, "Value").under("Logs", place.list()).under("Event", place.own());
    let is_part = page.fills("json-part") || page.fills("json-found");
    let view = ValuePage { layout, place: &place, pointer: &pointer, tree };
    Ok(match is_part {
        true => respond::html(&view.as_tree()),
        false => respond::html(&view),
    })
}
