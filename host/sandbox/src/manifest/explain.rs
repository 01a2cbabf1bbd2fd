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
            Meant::One(error) => explain(error),
            Meant::None { found, expected } => Explained {
                field: field(found.instance_path().as_str()),
                reason: format!("expected {expected}, found {}", shorten(&found.instance().to_string())),
            },
            Meant::Unclear => plain(at, error),
        },
        Kind::Type { kind: TypeKind::Single(kind) } => Explained {
            field: field(at),
            reason: format!("expected {kind}, found {}", shorten(&error.instance().to_string())),
        },
        Kind::MaxLength { limit } => {
            let found = error.instance().as_str().map_or(0, |text| text.chars().count());
            Explained { field: field(at), reason: format!("it has {found} characters; at most {limit} are allowed") }
        }
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

/// The alternative that the author means, known by its constants: a template with `"scheme": "signature"` is meant as a
/// signature.
enum Meant<'a, 'e> {
    /// The first error of that alternative, or the first one that all alternatives have.
    One(&'a ValidationError<'e>),
    /// None: the value is the constant of no alternative.
    None { found: &'a ValidationError<'e>, expected: String },
    /// Several, which have no error in common.
    Unclear,
}

fn meant<'a, 'e>(alternatives: &'a [Vec<ValidationError<'e>>]) -> Meant<'a, 'e> {
    let constant = |errors: &'a Vec<ValidationError<'e>>| {
        errors.iter().find_map(|error| match error.kind() {
            Kind::Constant { expected_value } => Some((error, expected_value.to_string())),
            _ => None,
        })
    };
    let mismatches: Vec<_> = alternatives.iter().filter_map(constant).collect();
    let mut fitting = alternatives.iter().filter(|errors| constant(errors).is_none());
    match (fitting.next(), fitting.next(), mismatches.first()) {
        (Some(errors), None, _) => errors.first().map_or(Meant::Unclear, Meant::One),
        (None, _, Some((found, _))) => {
            let expected: Vec<&str> = mismatches.iter().map(|(_, expected)| expected.as_str()).collect();
            Meant::None { found, expected: expected.join(" or ") }
        }
        _ => {
            let is_in = |error: &ValidationError<'e>, errors: &[ValidationError<'e>]| {
                let same = |other: &ValidationError<'e>| {
                    other.instance_path() == error.instance_path() && other.to_string() == error.to_string()
                };
                errors.iter().any(same)
            };
            let mut first = alternatives.first().into_iter().flatten();
            let common = first.find(|error| alternatives.iter().all(|errors| is_in(error, errors)));
            common.map_or(Meant::Unclear, Meant::One)
        }
    }
}

/// Converts a JSON Pointer to a dot path; empty for the root.
fn field(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~")
}
