//! Validation errors of JSON Schema, as one sentence about one field.

use jsonschema::{
    ReferencingError, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};

use crate::display::shorten;

/// A field, for example `links.website`, and its difference from the schema.
pub(super) struct Explained {
    pub(super) field: String,
    pub(super) reason: String,
}

/// Explains an error. For an unknown or missing member the field is that member. For alternatives the explanation is about
/// the one that the author probably meant.
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
            reason: format!("expected {kind}, found {}", shorten(&error.instance().to_string())),
        },
        // The only pattern with its own sentence, because authors meet it most often.
        Kind::Pattern { pattern } if pattern == "^https://" => Explained {
            field: field(at),
            reason: format!(
                "expected a link that begins with https://, found {}",
                shorten(&error.instance().to_string())
            ),
        },
        Kind::Referencing(ReferencingError::Unretrievable { uri, .. }) => {
            Explained { field: field(at), reason: not_fetched(uri) }
        }
        _ => plain(at, error),
    }
}

/// Returns the sentence about a reference to another document.
pub(super) fn not_fetched(uri: &str) -> String {
    format!(
        "it refers to {:?}, and other documents are not fetched; write out here what that one says, for example under $defs",
        shorten(uri)
    )
}

fn plain(at: &str, error: &ValidationError<'_>) -> Explained {
    Explained { field: field(at), reason: shorten(&error.to_string()) }
}

/// Returns the first error of the only alternative whose constants match: a template with `"scheme": "signature"` is meant
/// as a signature.
fn meant<'a, 'e>(alternatives: &'a [Vec<ValidationError<'e>>]) -> Option<&'a ValidationError<'e>> {
    let mut fitting =
        alternatives.iter().filter(|errors| !errors.iter().any(|error| matches!(error.kind(), Kind::Constant { .. })));
    match (fitting.next(), fitting.next()) {
        (Some(errors), None) => errors.first(),
        _ => None,
    }
}

/// Converts a JSON Pointer to a dot path; empty for the root.
fn field(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}
