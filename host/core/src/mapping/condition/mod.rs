//! The condition of a mapping (`when`): a JSON filter over the values of an event.
//!
//! A filter is an object. Its keys are paths, `$and`, `$or` or `$not`, and all its members must hold. The value of a path is
//! an object of operators, which must all hold, or a plain value, which means `$eq`:
//! `{"data.total": {"$gte": 100}, "$or": [{"data.plan": "pro"}, {"data.trial": true}]}`.
//!
//! A condition is parsed once, when its mapping is loaded. [`Values`] looks each path up once for all mappings of an event.
//! The operators are listed in [`operator`]; host/OPERATING.md has the table for operators.

mod constant_size;
mod operator;
mod parse;
mod value;
mod values;

use std::sync::Arc;

pub use constant_size::{MAX_CONSTANT_BYTES, check_constants};
pub use parse::{MAX_LEVELS, MAX_TERMS};
pub use values::Values;

use self::{operator::Operator, values::TestedPath};
use super::BadMapping;
use crate::{actions::advice, plan::Scope};

/// A parsed condition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The condition as it was written.
    text: Arc<str>,
    /// All must hold.
    clauses: Vec<Clause>,
}

/// A part of a condition.
#[derive(Debug, Clone)]
enum Clause {
    /// An operator on the value at a path.
    Test(Test),
    /// `$and`, and the members of an object.
    All(Vec<Clause>),
    /// `$or`
    Any(Vec<Clause>),
    /// `$not`
    Not(Box<Clause>),
}

/// An operator on the value at a path.
#[derive(Debug, Clone)]
struct Test {
    path: Arc<TestedPath>,
    operator: Operator,
}

/// The place where a condition does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmet {
    /// The index of the first clause that does not hold.
    clause: usize,
    /// The number of clauses from that one on.
    pub remaining: usize,
}

impl Condition {
    /// Parses a condition, a JSON object, and checks its size.
    pub fn parse(text: &str) -> Result<Condition, BadMapping> {
        Ok(Condition { text: text.trim().into(), clauses: parse::parse(text)? })
    }

    /// Returns the condition as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Checks the condition against the values of an event and stops at the first clause that does not hold.
    pub fn check<'m>(&'m self, values: &mut Values<'m, '_>) -> Result<(), Unmet> {
        match self.clauses.iter().position(|clause| !clause.holds(values)) {
            None => Ok(()),
            Some(clause) => Err(Unmet { clause, remaining: self.clauses.len() - clause }),
        }
    }

    /// Returns why the condition does not hold for an event; none if it holds. The sentence names the first clause that
    /// does not hold and, for a path that finds nothing, the nearest path.
    pub fn failure(&self, scope: Scope<'_>) -> Option<String> {
        let mut values = Values::new(scope);
        let unmet = self.check(&mut values).err()?;
        let mut reason = self.reason(unmet, &mut values);
        if let Some(Clause::Test(Test { path, .. })) = self.clauses.get(unmet.clause)
            && values.get(path).is_absent()
        {
            reason = format!("{reason}; {}", advice(&scope, &path.path));
        }
        Some(reason)
    }

    /// Describes a clause that does not hold, and the kind of value that its path finds. The value itself is not named: it
    /// is the sender's.
    pub fn reason<'m>(&'m self, unmet: Unmet, values: &mut Values<'m, '_>) -> String {
        match self.clauses.get(unmet.clause) {
            Some(Clause::Test(Test { path, operator })) => {
                let found = values.get(path).describe();
                format!("`{}` {operator} does not hold: the path finds {found}", path.path)
            }
            Some(Clause::Any(_)) => "no branch of its `$or` holds".to_owned(),
            Some(Clause::Not(_)) => "what its `$not` excludes is so".to_owned(),
            Some(Clause::All(_)) | None => "not all branches of its `$and` hold".to_owned(),
        }
    }
}

impl Clause {
    /// The recursion is bounded by [`MAX_LEVELS`].
    fn holds<'m>(&'m self, values: &mut Values<'m, '_>) -> bool {
        match self {
            Clause::Test(Test { path, operator }) => operator.holds(values.get(path)),
            Clause::All(clauses) => clauses.iter().all(|clause| clause.holds(values)),
            Clause::Any(clauses) => clauses.iter().any(|clause| clause.holds(values)),
            Clause::Not(clause) => !clause.holds(values),
        }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests;
