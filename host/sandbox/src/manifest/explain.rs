//! What a schema has against a value, as one sentence about one field.

use jsonschema::{
    ReferencingError, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};

use crate::limits::shortened;

/// The field that is wrong, for example `links.website`, and what is wrong with it.
pub(super) struct Explained {
    pub(super) field: String,
    pub(super) reason: String,
}

/// Explains a difference. A member that is unknown or missing is itself the field, and of alternatives the one that the
/// author meant is explained.
pub(super) fn explain(error: &ValidationError<'_>) -> Explained {
    let at = error.instance_path().as_str();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } if !unexpected.is_empty() => {
            Explained { field: field(&format!("{at}/{}", unexpected[0])), reason: "it is not known".to_owned() }
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            Explained { field: field(&format!("{at}/{name}")), reason: "it is missing".to_owned() }
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => match meant(context) {
            Some(error) => explain(error),
            None => plain(at, error),
        },
        Kind::Type { kind: TypeKind::Single(kind) } => Explained {
            field: field(at),
            reason: format!("expected {kind}, found {}", shortened(&error.instance().to_string())),
        },
        // Of all patterns the one that is met most often, and the one that can be said in words.
        Kind::Pattern { pattern } if pattern == "^https://" => Explained {
            field: field(at),
            reason: format!(
                "expected a link that begins with https://, found {}",
                shortened(&error.instance().to_string())
            ),
        },
        Kind::Referencing(ReferencingError::Unretrievable { uri, .. }) => {
            Explained { field: field(at), reason: not_fetched(uri) }
        }
        _ => plain(at, error),
    }
}

/// Of a reference to another document.
pub(super) fn not_fetched(uri: &str) -> String {
    format!(
        "it refers to {:?}, and other documents are not fetched; write out here what that one says, for example under $defs",
        shortened(uri)
    )
}

fn plain(at: &str, error: &ValidationError<'_>) -> Explained {
    Explained { field: field(at), reason: shortened(&error.to_string()) }
}

/// Of several alternatives, the one whose constants fit: a template that says `"scheme": "signature"` was meant as one.
fn meant<'a, 'e>(alternatives: &'a [Vec<ValidationError<'e>>]) -> Option<&'a ValidationError<'e>> {
    let mut fitting =
        alternatives.iter().filter(|errors| !errors.iter().any(|error| matches!(error.kind(), Kind::Constant { .. })));
    match (fitting.next(), fitting.next()) {
        (Some(errors), None) => errors.first(),
        _ => None,
    }
}

/// A JSON Pointer as people write the name of a field; empty for the whole.
fn field(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}
