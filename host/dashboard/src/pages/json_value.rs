//! A part of a large JSON text, its text as a download, or what a search finds in it: what one tree is too small for.

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::IntoResponse as _,
};
use inlet_core::json;
use serde::Deserialize;

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
    /// The JSON pointer of a value in the text.
    #[serde(default)]
    pointer: String,
    /// True for the text itself.
    #[serde(default)]
    raw: bool,
    /// The text to find in the value.
    find: Option<String>,
}

/// A JSON text of a page.
pub struct Whole<'a> {
    /// The text; none if it is no longer stored.
    pub text: Option<&'a str>,
    /// The name of the text: `received item`.
    pub name: &'static str,
    /// The address of its parts, which ends before the pointer.
    pub parts: &'a str,
    /// The address of the page that shows it.
    pub back: &'a str,
    /// The text of the link to that page.
    pub back_label: &'static str,
}

#[derive(Template)]
#[template(path = "pages/json_value.html", blocks = ["tree"])]
struct ValuePage<'a> {
    layout: Layout<'a>,
    name: &'static str,
    back: &'a str,
    back_label: &'static str,
    pointer: &'a str,
    tree: Html,
}

/// Answers with a part of a text, as a page of `layout`, as a part of the page that shows it, or as a file.
pub fn answer(page: &Page, layout: Layout<'_>, whole: &Whole<'_>, query: &ValueQuery) -> PageResult {
    let ValueQuery { pointer, raw, find } = query;
    let gone = || PageError::not_found("there is no such value here; it may be past its retention");
    let text = whole.text.ok_or_else(gone)?;
    let value = if pointer.is_empty() { text } else { json::point(text, pointer).ok_or_else(gone)? };
    if *raw {
        let file = format!("attachment; filename=\"{}.json\"", whole.name.rsplit(' ').next().unwrap_or(whole.name));
        let file = HeaderValue::from_str(&file).unwrap_or(HeaderValue::from_static("attachment"));
        let headers =
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json")), (header::CONTENT_DISPOSITION, file)];
        return Ok((headers, value.to_owned()).into_response());
    }
    let tree = match find {
        Some(wanted) => Found::of(value, wanted).html(&format!("{}{}", whole.parts, url_part(pointer))),
        None => JsonTree::new(value, "the value").at(pointer).loading(whole.parts).html(),
    };
    let is_part = page.fills("json-part") || page.fills("json-found");
    let view = ValuePage { layout, name: whole.name, back: whole.back, back_label: whole.back_label, pointer, tree };
    Ok(match is_part {
        true => respond::html(&view.as_tree()),
        false => respond::html(&view),
    })
}
