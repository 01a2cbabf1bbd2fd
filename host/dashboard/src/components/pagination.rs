//! The way to the neighbouring pages of a list, by the API's cursors.

use askama::Template;
use inlet_api_types::PageInfo;

use super::{Html, filter::Filters};

#[derive(Template)]
#[template(path = "components/pagination.html")]
struct Pagination {
    newer: Option<String>,
    older: Option<String>,
}

/// Links to the newer and the older page; nothing if there is neither.
pub fn pagination(filters: &Filters, info: &PageInfo) -> Html {
    let newer = info.before.as_deref().map(|cursor| filters.page("before", cursor));
    let older = info.after.as_deref().map(|cursor| filters.page("after", cursor));
    match newer.is_none() && older.is_none() {
        true => Html::default(),
        false => Html::of(&Pagination { newer, older }),
    }
}
