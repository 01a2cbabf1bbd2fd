//! The operators of a condition.
//!
//! An absent path is null to `$eq`, `$neq`, `$in` and `$nin`, as it is in the parameters of a mapping; only `$exist` tells
//! the two apart. `$neq` and `$nin` are the exact opposites of `$eq` and `$in`. Values of different kinds are never equal and
//! never ordered: the string `"100"` is not the number `100`.

use std::{cmp::Ordering, fmt};

use super::value::Value;
use crate::json::{self, Kind};

/// All names, those of the logic too.
pub(super) const NAMES: [&str; 15] = [
    "$eq",
    "$neq",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$exist",
    "$startsWith",
    "$endsWith",
    "$contains",
    "$and",
    "$or",
    "$not",
];

/// The longest operand that a sentence shows, in characters.
const MAX_SHOWN: usize = 60;

/// An operator with its operand.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    test: Test,
    /// The operator as a sentence shows it.
    shown: Box<str>,
}

#[derive(Debug, Clone)]
enum Test {
    /// `$eq`: of the same kind and the same value; objects in any order of their members, arrays in order.
    Eq(Value<'static>),
    /// `$neq`
    Neq(Value<'static>),
    /// `$gt`, `$gte`, `$lt`, `$lte`: numbers by value, strings by Unicode scalar values.
    Ordered(Bound, Value<'static>),
    /// `$in`: equal to one of the values.
    In(Vec<Value<'static>>),
    /// `$nin`
    Nin(Vec<Value<'static>>),
    /// `$exist`: whether the path finds anything, null included.
    Exist(bool),
    /// `$startsWith`: a string that begins so.
    StartsWith(String),
    /// `$endsWith`: a string that ends so.
    EndsWith(String),
    /// `$contains`: an array with an equal item, or a string with this part.
    Contains(Value<'static>),
}

#[derive(Debug, Clone, Copy)]
enum Bound {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    /// Reads an operator of this name; none if there is none, and the expected operand if `operand` is another. `values` are
    /// the items of the operand of `$in` and `$nin`.
    pub(super) fn read(name: &str, operand: &str, values: &[&str]) -> Option<Result<Operator, &'static str>> {
        let value = || Value::of(operand).into_owned();
        let list = || values.iter().map(|value| Value::of(value).into_owned()).collect();
        let ordered = |bound| match Kind::of(operand) {
            Kind::Number | Kind::String => Ok(Test::Ordered(bound, value())),
            _ => Err("a number or a string"),
        };
        let string = |test: fn(String) -> Test| json::string(operand).map(test).ok_or("a string");
        let test = match name {
            "$eq" => Ok(Test::Eq(value())),
            "$neq" => Ok(Test::Neq(value())),
            "$gt" => ordered(Bound::Greater),
            "$gte" => ordered(Bound::GreaterOrEqual),
            "$lt" => ordered(Bound::Less),
            "$lte" => ordered(Bound::LessOrEqual),
            "$in" => Ok(Test::In(list())),
            "$nin" => Ok(Test::Nin(list())),
            "$exist" => match operand.trim() {
                "true" => Ok(Test::Exist(true)),
                "false" => Ok(Test::Exist(false)),
                _ => Err("true or false"),
            },
            "$startsWith" => string(Test::StartsWith),
            "$endsWith" => string(Test::EndsWith),
            "$contains" => Ok(Test::Contains(value())),
            _ => return None,
        };
        let shown = json::compact(operand);
        let shown = match shown.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => format!("{name} {}…", &shown[..end]),
            None => format!("{name} {shown}"),
        };
        Some(test.map(|test| Operator { test, shown: shown.into() }))
    }

    /// Returns true if the operator holds for a value.
    pub(super) fn holds(&self, value: &Value<'_>) -> bool {
        match &self.test {
            Test::Eq(operand) => value.equals(operand),
            Test::Neq(operand) => !value.equals(operand),
            Test::Ordered(bound, operand) => value.compare(operand).is_some_and(|ordering| bound.admits(ordering)),
            Test::In(operands) => operands.iter().any(|operand| value.equals(operand)),
            Test::Nin(operands) => !operands.iter().any(|operand| value.equals(operand)),
            Test::Exist(expected) => value.is_absent() != *expected,
            Test::StartsWith(start) => value.as_str().is_some_and(|text| text.starts_with(start.as_str())),
            Test::EndsWith(end) => value.as_str().is_some_and(|text| text.ends_with(end.as_str())),
            Test::Contains(operand) => match (value.as_str(), operand.as_str()) {
                (Some(text), Some(part)) => text.contains(part),
                _ => value.items().iter().any(|item| item.equals(operand)),
            },
        }
    }
}

impl Bound {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Bound::Greater => ordering.is_gt(),
            Bound::GreaterOrEqual => ordering.is_ge(),
            Bound::Less => ordering.is_lt(),
            Bound::LessOrEqual => ordering.is_le(),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
