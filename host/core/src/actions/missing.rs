//! Values that are null or empty because something is not there, and the warnings about them.

use super::{Scope, nearest_path};
use crate::path::Path;

/// A value that is null, or empty in a template.
pub(super) enum Missing<'a> {
    /// A path finds nothing.
    Path { place: String, path: &'a Path },
    /// A path finds nothing in the item of an `$each`, which is kept for the advice.
    InItem { place: String, path: &'a Path, item: String },
    /// A path of a template finds nothing.
    InTemplate { place: String, path: &'a Path, item: Option<String> },
    /// No candidate of `$first` has a value; the path of the first candidate that is one.
    First { place: String, path: Option<&'a Path> },
    /// `$lookup` has no entry for its key.
    Lookup { place: String },
}

impl Missing<'_> {
    /// Returns the path that finds nothing.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Missing::Path { path, .. } | Missing::InItem { path, .. } | Missing::InTemplate { path, .. } => Some(path),
            Missing::First { path, .. } => *path,
            Missing::Lookup { .. } => None,
        }
    }

    /// Returns the warning. Up to the first semicolon it is the same for every event.
    pub(super) fn warning(&self, scope: &Scope<'_>) -> String {
        match self {
            Missing::Path { place, path } => {
                let advice = nearest_path::advice(scope, path);
                format!("`{place}` is null: the path `{path}` finds nothing; {advice}")
            }
            Missing::InItem { place, path, item } => {
                let advice = nearest_path::item_advice(item, path);
                format!("`{place}` is null: the path `{path}` finds nothing in an item; {advice}")
            }
            Missing::InTemplate { place, path, item } => {
                let advice = match item {
                    Some(item) => nearest_path::item_advice(item, path),
                    None => nearest_path::advice(scope, path),
                };
                format!("`{place}` has nothing for `{{{{ {path} }}}}`: the path finds nothing; {advice}")
            }
            Missing::First { place, path } => {
                let advice = match path {
                    Some(path) => format!("; of the first, `{path}`: {}", nearest_path::advice(scope, path)),
                    None => String::new(),
                };
                format!("`{place}` is null: no entry of its $first finds a value{advice}")
            }
            Missing::Lookup { place } => {
                format!("`{place}` is null: $in has no entry for the key that was found; add one, or a $default")
            }
        }
    }
}
