//! The deserializer of request bodies. It differs from serde_json's in its refusals:
//!
//! - Each names its member by the dotted path from the top, for example `source.name` or `scopes[1]`.
//! - A member that is missing is asked for too, so that its type can say what is expected. Null counts as missing.
//! - A member that the type does not have is refused with the nearest that it has, whatever attributes the type has.
//!
//! The last of several members with one name counts, as everywhere in `inlet_core::json`.

mod access;
mod error;
mod value;

use serde::de::DeserializeOwned;
use value::Value;

use crate::error::ApiError;

/// Reads the body of an operation that has these query parameters.
pub fn read<T: DeserializeOwned>(text: &str, params: &[String]) -> Result<T, ApiError> {
    T::deserialize(Value::body(text)).map_err(|error| error.or_query_parameter(params).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inlet_api_types::{Days, Patch, RawJson, ReadOnly, required};
    use serde::{Deserialize, Deserializer};

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        name: String,
        #[serde(deserialize_with = "read_lines")]
        lines: Vec<Line>,
        note: Option<String>,
        #[serde(default)]
        days: Patch<Days>,
        extra: Option<RawJson>,
        #[serde(default)]
        prices: Option<BTreeMap<String, u32>>,
        #[serde(default, rename = "created_at")]
        _created_at: ReadOnly,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Line {
        paid: bool,
    }

    fn read_lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Line>, D::Error> {
        required(deserializer, "an array of lines")
    }

    fn order(text: &str) -> Result<Order, String> {
        read(text, &["environment".to_owned()])
            .map_err(|error: ApiError| format!("{}: {error}", error.field().unwrap_or("-")))
    }

    #[test]
    fn a_body_is_read_with_all_its_digits() {
        let order = order(
            r#"{"name":"a","name":"b\u00e9","lines":[{"paid":true}],"days":7,"extra":{"n": 1.10},"prices":{"x":1},"created_at":[]}"#,
        )
        .unwrap();
        assert_eq!((order.name.as_str(), order.lines, order.note), ("bé", vec![Line { paid: true }], None));
        assert_eq!(order.days, Patch::Set(Days::new(7).unwrap()));
        assert_eq!(order.extra.unwrap().as_text(), r#"{"n": 1.10}"#);
        assert_eq!(order.prices.unwrap()["x"], 1);
    }

    #[test]
    fn null_is_absent_except_in_a_patch() {
        let absent = order(r#"{"name":"a","lines":[]}"#).unwrap();
        assert_eq!((absent.days, absent.extra, absent.prices), (Patch::Keep, None, None));
        let null = order(r#"{"name":"a","lines":[],"note":null,"days":null,"extra":null,"prices":null}"#).unwrap();
        assert_eq!((null.note, null.days, null.extra), (None, Patch::Clear, None));
    }

    #[test]
    fn refusals_name_the_member() {
        let error = |text: &str| order(text).unwrap_err();
        let with = |more: &str| order(&format!(r#"{{"name":"a","lines":[],{more}}}"#)).unwrap_err();
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        insta::assert_snapshot!(error("null"), @"-: the body: found null, expected an object");
        insta::assert_snapshot!(error("{}"), @"name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"name":null}"#), @"name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"name":7}"#), @"name: found a number, expected a string");
        insta::assert_snapshot!(error(r#"{"name":"a"}"#), @"lines: it is missing; expected an array of lines");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":{}}"#), @"lines: found an object, expected an array");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[null]}"#), @"lines[0]: found null, expected an object");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[{"paid":true},{}]}"#), @"lines[1].paid: it is missing; expected true or false");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[{"paid":"yes"}]}"#), @"lines[0].paid: found a string, expected true or false");
        insta::assert_snapshot!(with(r#""days":1.5"#), @"days: found 1.5, expected a whole number of days from 1 to 3650");
        insta::assert_snapshot!(with(r#""prices":{"x":null}"#), @"prices.x: found null, expected a whole number");
        insta::assert_snapshot!(with(r#""prices":{"x":-1}"#), @"prices.x: found a number, expected a whole number");
        insta::assert_snapshot!(with(r#""colour":"red""#), @"colour: there is no such member; see /openapi.json for those there are");
        insta::assert_snapshot!(with(r#""environment":"a""#), @"environment: there is no such member; it is a query parameter here: send it as ?environment=…");
        insta::assert_snapshot!(with(r#""nmae":"a""#), @r#"nmae: there is no such member; the nearest is "name""#);
        insta::assert_snapshot!(with(r#""lines":[{"paid":true,"by":1}]"#), @"lines[0].by: there is no such member; see /openapi.json for those there are");
    }
}
