//! Icons, drawn once in `templates/icons.html` at the top of every page.

use super::Html;

/// An icon by its id, such as `i-done`. It says nothing to a screen reader; a text stands beside it.
pub fn icon(id: &str) -> Html {
    Html::trusted(format!(r##"<svg class="icon" aria-hidden="true"><use href="#{id}"/></svg>"##))
}
