//! The condition of a mapping as rows of a form, all of which must hold.

use inlet_core::json;

use super::value;
use crate::error::PageError;

/// The operators that the rows offer, with their labels.
pub const OPERATORS: [(&str, &str); 12] = [
    ("$eq", "is"),
    ("$neq", "is not"),
    ("$gt", ">"),
    ("$gte", "≥"),
    ("$lt", "<"),
    ("$lte", "≤"),
    ("$contains", "contains"),
    ("$startsWith", "starts with"),
    ("$endsWith", "ends with"),
    ("$in", "is one of (JSON list)"),
    ("$nin", "is none of (JSON list)"),
    ("$exist", "is there (true, false)"),
];

/// A row: a path, an operator and a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The path; an empty one is no row.
    pub path: String,
    /// The operator, as conditions write it.
    pub operator: String,
    /// The text of the value.
    pub text: String,
}

/// A condition, as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Rows that must all hold; none for a mapping that always applies.
    Rows(Vec<Row>),
    /// JSON, as mappings write it.
    Json(String),
}

impl Default for Condition {
    fn default() -> Self {
        Self::Rows(Vec::new())
    }
}

impl Condition {
    /// Returns the condition as mappings write it; none if there is none.
    pub fn to_json(&self) -> Result<Option<String>, PageError> {
        let rows = match self {
            Self::Json(text) if text.trim().is_empty() => return Ok(None),
            Self::Json(text) => return value::checked_json(text.trim(), "when").map(Some),
            Self::Rows(rows) => rows,
        };
        let mut members: Vec<(String, Vec<(&str, String)>)> = Vec::new();
        for row in rows.iter().filter(|row| !row.path.trim().is_empty()) {
            let operand = match row.operator.as_str() {
                "$startsWith" | "$endsWith" => text_operand(&row.text),
                _ => value::constant(row.text.trim()),
            };
            let path = row.path.trim();
            let test = (row.operator.as_str(), operand);
            match members.iter_mut().find(|(known, _)| known == path) {
                // Two tests of one operator on one path have no place in one object.
                Some((_, tests)) if tests.iter().any(|(known, _)| *known == test.0) => {
                    let message =
                        format!("{path:?} is tested twice in one way; write the condition as JSON, with $and");
                    let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
                    return Err(PageError { status, message, field: Some("when".to_owned()) });
                }
                Some((_, tests)) => tests.push(test),
                None => members.push((path.to_owned(), vec![test])),
            }
        }
        if members.is_empty() {
            return Ok(None);
        }
        let members: Vec<(String, String)> = members
            .into_iter()
            .map(|(path, tests)| {
                let tests = json::object(tests.iter().map(|(name, operand)| (*name, operand.as_str())));
                (path, tests)
            })
            .collect();
        Ok(Some(json::object(members.iter().map(|(path, tests)| (path.as_str(), tests.as_str())))))
    }

    /// Reads a condition as mappings write it.
    pub fn of_json(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::default() };
        rows_of(text).map_or_else(|| Self::Json(text.to_owned()), Self::Rows)
    }
}

/// A text in a field, or in quotes if it would begin or end with white space.
fn text_operand(text: &str) -> String {
    match json::string(text.trim()) {
        Some(_) => text.trim().to_owned(),
        None => json::quote(text.trim()),
    }
}

/// Returns the rows of a condition that is nothing but tests; none otherwise.
fn rows_of(text: &str) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    for (path, tests) in json::members(text)? {
        if path.starts_with('$') || path.trim() != path {
            return None;
        }
        let operators = json::members(tests).filter(|members| members.keys().any(|name| name.starts_with('$')));
        let Some(operators) = operators else {
            let text = value::shown_constant(tests);
            rows.push(Row { path: path.into_owned(), operator: "$eq".to_owned(), text });
            continue;
        };
        for (operator, operand) in operators {
            if !OPERATORS.iter().any(|(known, _)| *known == operator) {
                return None;
            }
            let text = match operator.as_ref() {
                "$startsWith" | "$endsWith" => json::string(operand)
                    .filter(|text| !text.is_empty() && text.trim() == text && json::string(text).is_none())
                    .unwrap_or_else(|| operand.trim().to_owned()),
                _ => value::shown_constant(operand),
            };
            rows.push(Row { path: path.to_string(), operator: operator.into_owned(), text });
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use inlet_core::mapping;

    use super::*;

    #[test]
    fn a_condition_that_is_shown_is_read_back() {
        for (text, expected) in [
            (
                r#"{"data.total":{"$gte":100,"$lt":1e3},"data.plan":"pro"}"#,
                r#"{"data.total":{"$gte":100,"$lt":1e3},"data.plan":{"$eq":"pro"}}"#,
            ),
            (r#"{"data.n":"12"}"#, r#"{"data.n":{"$eq":"12"}}"#),
            (r#"{"data.o":{"a":1}}"#, r#"{"data.o":{"$eq":{"a":1}}}"#),
            (r#"{"data.e":{"$exist":false}}"#, r#"{"data.e":{"$exist":false}}"#),
            (r#"{"data.l":{"$in":["a",1]}}"#, r#"{"data.l":{"$in":["a",1]}}"#),
            (r#"{"data.p":{"$startsWith":"12"}}"#, r#"{"data.p":{"$startsWith":"12"}}"#),
            (r#"{"data.p":{"$endsWith":" x"}}"#, r#"{"data.p":{"$endsWith":" x"}}"#),
        ] {
            let condition = Condition::of_json(Some(text));
            assert!(matches!(condition, Condition::Rows(_)), "{text}");
            let written = condition.to_json().unwrap().unwrap();
            assert_eq!(written, expected);
            assert!(mapping::Condition::parse(&written).is_ok(), "{written}");
        }
        let other = r#"{"$or":[{"data.a":1},{"data.b":2}]}"#;
        assert_eq!(Condition::of_json(Some(other)), Condition::Json(other.to_owned()));
        assert_eq!(Condition::of_json(None).to_json(), Ok(None));
    }

    #[test]
    fn every_operator_is_one_of_the_core() {
        for (operator, _) in OPERATORS {
            let operand = match operator {
                "$in" | "$nin" => "[1]",
                "$exist" => "true",
                _ => r#""a""#,
            };
            let written = format!(r#"{{"data.a":{{"{operator}":{operand}}}}}"#);
            assert!(mapping::Condition::parse(&written).is_ok(), "{written}");
        }
    }

    #[test]
    fn two_tests_of_one_kind_are_refused() {
        let row = |text: &str| Row { path: "data.a".to_owned(), operator: "$neq".to_owned(), text: text.to_owned() };
        let error = Condition::Rows(vec![row("x"), row("y")]).to_json().unwrap_err();
        assert_eq!(error.field.as_deref(), Some("when"));
    }
}
