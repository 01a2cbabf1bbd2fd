//! The differences that another version makes for one request.

use askama::Template;
use inlet_api_types::sources::{PluginChange, PluginDifference};

use crate::components::Html;

/// The newest requests that a page compares.
pub const COMPARED: u64 = 200;

#[derive(Template)]
#[template(path = "pages/plugins/changes.html")]
struct Changes<'a> {
    changes: &'a [PluginChange],
    /// True if the request has items that differ beside the first.
    has_items: bool,
}

/// A table of the members that differ, before and after.
pub fn table(PluginDifference { changes, .. }: &PluginDifference) -> Html {
    Html::of(&Changes { changes, has_items: changes.iter().any(|change| change.item > 0) })
}
