//! The size of the constants of a condition.
//!
//! Only a condition that is new or changed is checked: one that was saved by an earlier version is loaded as it is.

use super::{super::BadMapping, parse::shown};
use crate::json::{self, Kind};

/// The most bytes of one constant of a condition, as JSON text. Constants are compared for each event.
pub const MAX_CONSTANT_BYTES: usize = 16 << 10;

/// Checks the constants of a condition, JSON text that [`super::Condition::parse`] can parse.
pub fn check_constants(condition: &str) -> Result<(), BadMapping> {
    filter(condition, "when")
}

/// Checks an object of paths and of `$and`, `$or` and `$not`.
fn filter(text: &str, field: &str) -> Result<(), BadMapping> {
    for (key, value) in json::members(text).unwrap_or_default() {
        let field = format!("{field}.{}", shown(&key));
        match &*key {
            "$and" | "$or" | "$not" => branches(value, &field, filter)?,
            _ => on_path(value, &field)?,
        }
    }
    Ok(())
}

/// Checks what must hold for the value at a path.
fn on_path(text: &str, field: &str) -> Result<(), BadMapping> {
    if Kind::of(text) != Kind::Object {
        return constant(text, field);
    }
    for (key, value) in json::members(text).unwrap_or_default() {
        let field = format!("{field}.{}", shown(&key));
        match &*key {
            "$and" | "$or" | "$not" => branches(value, &field, on_path)?,
            "$in" | "$nin" => branches(value, &field, constant)?,
            _ => constant(value, &field)?,
        }
    }
    Ok(())
}

/// Checks each item of an array, or another value as it is.
fn branches(text: &str, field: &str, check: fn(&str, &str) -> Result<(), BadMapping>) -> Result<(), BadMapping> {
    match json::items(text) {
        Some(items) => items.iter().enumerate().try_for_each(|(index, item)| check(item, &format!("{field}[{index}]"))),
        None => check(text, field),
    }
}

fn constant(text: &str, field: &str) -> Result<(), BadMapping> {
    match text.len() {
        0..=MAX_CONSTANT_BYTES => Ok(()),
        found => {
            let message = format!("it takes {found} bytes; a constant of a condition has at most {MAX_CONSTANT_BYTES}");
            Err(BadMapping::new(field, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Condition, *};

    fn check(condition: &str) -> Result<(), String> {
        Condition::parse(condition).unwrap();
        check_constants(condition).map_err(|error| error.to_string())
    }

    #[test]
    fn a_large_constant_is_refused_wherever_it_stands() {
        let large = json::quote(&"x".repeat(MAX_CONSTANT_BYTES - 1));
        let error = |condition: &str| check(&condition.replace('L', &large)).unwrap_err();
        insta::assert_snapshot!(error(r#"{"data.a":L}"#), @"when.data.a: it takes 16385 bytes; a constant of a condition has at most 16384");
        insta::assert_snapshot!(error(r#"{"data.a":{"$contains":L}}"#), @"when.data.a.$contains: it takes 16385 bytes; a constant of a condition has at most 16384");
        insta::assert_snapshot!(error(r#"{"data.a":{"$in":["a",L]}}"#), @"when.data.a.$in[1]: it takes 16385 bytes; a constant of a condition has at most 16384");
        insta::assert_snapshot!(error(r#"{"data.a":{"$eq":{"b":L}}}"#), @"when.data.a.$eq: it takes 16391 bytes; a constant of a condition has at most 16384");
        insta::assert_snapshot!(error(r#"{"$or":[{"data.b":1},{"$not":{"data.a":{"$not":{"$eq":L}}}}]}"#), @"when.$or[1].$not.data.a.$not.$eq: it takes 16385 bytes; a constant of a condition has at most 16384");
    }

    #[test]
    fn many_small_constants_are_no_large_one() {
        let small = json::quote(&"x".repeat(MAX_CONSTANT_BYTES - 2));
        assert_eq!(check(&format!(r#"{{"data.a":{{"$in":[{}]}}}}"#, vec![small; 100].join(","))), Ok(()));
    }
}
