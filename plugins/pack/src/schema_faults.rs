//! Faults of a manifest as lines, each with the member that it is about.

use jsonschema::{ValidationError, error::ValidationErrorKind as Kind};

/// Returns a line for each fault. Where the schema has alternatives, these are the faults of the one that the author means.
pub(crate) fn lines(fault: &ValidationError<'_>) -> Vec<String> {
    match fault.kind() {
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => lines_of_alternatives(fault, context),
        _ => vec![line(fault, &fault.to_string())],
    }
}

fn line(fault: &ValidationError<'_>, sentence: &str) -> String {
    match fault.instance_path().as_str() {
        "" => format!("the top level: {sentence}"),
        place => format!("{place}: {sentence}"),
    }
}

/// The author means the alternative whose constants are there: `scheme = "signature"` is a signature. Without such a
/// constant, the faults are those that all alternatives have.
fn lines_of_alternatives(fault: &ValidationError<'_>, alternatives: &[Vec<ValidationError<'_>>]) -> Vec<String> {
    let mut fitting = alternatives.iter().filter(|faults| faults.iter().all(|fault| constant(fault).is_none()));
    let found = match (fitting.next(), fitting.next()) {
        (Some(meant), None) => meant.iter().flat_map(lines).collect(),
        (None, _) => {
            let mismatches = alternatives.iter().flatten().filter_map(|fault| Some((fault, constant(fault)?)));
            let (faults, expected): (Vec<_>, Vec<String>) = mismatches.unzip();
            let sentence =
                |fault: &&ValidationError<'_>| format!("{} is not {}", fault.instance(), expected.join(" or "));
            faults.first().map(|fault| line(fault, &sentence(fault))).into_iter().collect::<Vec<_>>()
        }
        (Some(_), Some(_)) => {
            let mut all = alternatives.iter().map(|faults| faults.iter().flat_map(lines).collect::<Vec<_>>());
            let first = all.next().unwrap_or_default();
            all.fold(first, |common, lines| common.into_iter().filter(|line| lines.contains(line)).collect())
        }
    };
    if found.is_empty() { vec![line(fault, &fault.to_string())] } else { found }
}

fn constant(fault: &ValidationError<'_>) -> Option<String> {
    match fault.kind() {
        Kind::Constant { expected_value } => Some(expected_value.to_string()),
        _ => None,
    }
}
