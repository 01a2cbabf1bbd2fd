//! Parsing a condition, and the refusals of what is none.

use std::sync::Arc;

use super::{
    BadMapping, Clause, Test,
    operator::{NAMES, Operator},
    values::TestedPath,
};
use crate::{
    json::{self, Kind},
    nearest::nearest,
    path::Path,
};

/// The most terms of one condition: tests, values of `$in` and `$nin`, and branches of `$and`, `$or` and `$not`.
pub const MAX_TERMS: usize = 1000;
/// The deepest nesting of a condition, in objects and arrays.
pub const MAX_LEVELS: usize = 32;

/// The longest name that is repeated in a refusal, in characters.
const MAX_SHOWN: usize = 80;

/// An example, for refusals.
const EXAMPLE: &str = r#"{"data.total": {"$gte": 100}}"#;

/// Parses the text of a condition.
pub(super) fn parse(text: &str) -> Result<Vec<Clause>, BadMapping> {
    json::check(text, MAX_LEVELS).map_err(|error| BadMapping::new("when", error.to_string()))?;
    Parser { terms: 0 }.filter(text, "when")
}

struct Parser {
    terms: usize,
}

impl Parser {
    /// Parses an object of paths, `$and`, `$or` and `$not`.
    fn filter(&mut self, text: &str, field: &str) -> Result<Vec<Clause>, BadMapping> {
        let mut clauses = Vec::new();
        for (key, value) in members(text, field, &format!("a filter, such as {EXAMPLE}"))? {
            let field = format!("{field}.{}", shown(&key));
            match &*key {
                "$and" | "$or" | "$not" => clauses.push(self.logic(&key, value, &field, Self::branch)?),
                key if key.starts_with('$') => return Err(not_a_path(key, &field)),
                key => {
                    let path = Path::parse(key).map_err(|error| BadMapping::path(&field, error))?;
                    self.on_path(&Arc::new(TestedPath::new(path)), value, &field, &mut clauses)?;
                }
            }
        }
        Ok(clauses)
    }

    /// Parses a filter that is a branch of another.
    fn branch(&mut self, text: &str, field: &str) -> Result<Clause, BadMapping> {
        self.filter(text, field).map(all)
    }

    /// Parses `$and`, `$or` or `$not`. `branch` parses what stands below.
    fn logic(
        &mut self,
        name: &str,
        text: &str,
        field: &str,
        mut branch: impl FnMut(&mut Self, &str, &str) -> Result<Clause, BadMapping>,
    ) -> Result<Clause, BadMapping> {
        if name == "$not" {
            self.count(1)?;
            return Ok(Clause::Not(Box::new(branch(self, text, field)?)));
        }
        let items = list(text, field)?;
        self.count(items.len())?;
        let branches = items.iter().enumerate();
        let branches: Vec<Clause> =
            branches.map(|(index, text)| branch(self, text, &format!("{field}[{index}]"))).collect::<Result<_, _>>()?;
        Ok(if name == "$and" { Clause::All(branches) } else { Clause::Any(branches) })
    }

    /// Parses what must hold for the value at a path: operators, or a plain value.
    fn on_path(
        &mut self,
        path: &Arc<TestedPath>,
        text: &str,
        field: &str,
        clauses: &mut Vec<Clause>,
    ) -> Result<(), BadMapping> {
        if Kind::of(text) != Kind::Object {
            clauses.push(self.test(path, "$eq", text, field)?);
            return Ok(());
        }
        for (key, value) in members(text, field, "a value, or operators such as {\"$gte\": 100}")? {
            if !key.starts_with('$') {
                let message = format!(
                    "{:?} is no operator; for a member inside write its path as the key ({:?}), for a whole object {{\"$eq\": {{…}}}}",
                    shown(&key),
                    format!("{}.{}", shown(path.path.as_str()), shown(&key)),
                );
                return Err(BadMapping::new(field, message));
            }
            let field = format!("{field}.{}", shown(&key));
            clauses.push(match &*key {
                "$and" | "$or" | "$not" => self.logic(&key, value, &field, |parser, text, field| {
                    let mut inner = Vec::new();
                    parser.on_path(path, text, field, &mut inner)?;
                    Ok(all(inner))
                })?,
                name => self.test(path, name, value, &field)?,
            });
        }
        Ok(())
    }

    fn test(&mut self, path: &Arc<TestedPath>, name: &str, operand: &str, field: &str) -> Result<Clause, BadMapping> {
        let values = match name {
            "$in" | "$nin" => list(operand, field)?,
            _ => vec![operand],
        };
        self.count(values.len())?;
        let refuse = |expected: &str| {
            let message = format!("it is {}; expected {expected}", Kind::of(operand).with_article());
            Err(BadMapping::new(field, message))
        };
        match Operator::read(name, operand, &values) {
            Some(Ok(operator)) => Ok(Clause::Test(Test { path: path.clone(), operator })),
            Some(Err(expected)) => refuse(expected),
            None => Err(unknown(name, field)),
        }
    }

    fn count(&mut self, terms: usize) -> Result<(), BadMapping> {
        self.terms = self.terms.saturating_add(terms);
        match self.terms {
            0..=MAX_TERMS => Ok(()),
            _ => {
                let message = format!(
                    "it has more than {MAX_TERMS} terms (tests, values of $in, branches); split it over several mappings"
                );
                Err(BadMapping::new("when", message))
            }
        }
    }
}

/// Returns the members of an object that is not empty and names each member once.
fn members<'a>(text: &'a str, field: &str, expected: &str) -> Result<json::Members<'a>, BadMapping> {
    let refuse = |found: &str| Err(BadMapping::new(field, format!("it is {found}; expected {expected}")));
    if Kind::of(text) != Kind::Object {
        return refuse(Kind::of(text).with_article());
    }
    let all = json::all_members(text).unwrap_or_default();
    let count = all.len();
    let members: json::Members<'_> = all.into_iter().collect();
    match (count, members.len()) {
        (0, _) => refuse("an empty object"),
        (all, distinct) if all == distinct => Ok(members),
        _ => Err(BadMapping::new(field, "it names a member twice; put both conditions into $and")),
    }
}

/// Returns the items of an array that is not empty.
fn list<'a>(text: &'a str, field: &str) -> Result<Vec<&'a str>, BadMapping> {
    let refuse =
        |found: &str| Err(BadMapping::new(field, format!("it is {found}; expected an array of at least one item")));
    match Kind::of(text) {
        Kind::Array => match json::items(text).unwrap_or_default() {
            items if items.is_empty() => refuse("an empty array"),
            items => Ok(items),
        },
        other => refuse(other.with_article()),
    }
}

/// Several clauses as one.
fn all(mut clauses: Vec<Clause>) -> Clause {
    match (clauses.len(), clauses.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            clauses.extend(last);
            Clause::All(clauses)
        }
    }
}

/// Refuses a name that begins with `$` where a path is expected.
fn not_a_path(name: &str, field: &str) -> BadMapping {
    match NAMES.contains(&name) {
        true => BadMapping::new(field, format!("{name} needs a path before it, as in {EXAMPLE}")),
        false => {
            let advice = format!("a member whose name begins with $ is written [{}]", json::quote(shown(name)));
            let unknown = unknown(name, field);
            BadMapping::new(field, format!("{}; {advice}", unknown.message))
        }
    }
}

/// Refuses an operator that does not exist.
fn unknown(name: &str, field: &str) -> BadMapping {
    let advice = match nearest(name, NAMES) {
        Some(nearest) => format!("the nearest is {nearest:?}"),
        None => format!("there are {}", NAMES.join(", ")),
    };
    BadMapping::new(field, format!("there is no operator {:?}; {advice}", shown(name)))
}

/// Cuts a name to a readable length.
pub(super) fn shown(name: &str) -> &str {
    name.char_indices().nth(MAX_SHOWN).map_or(name, |(end, _)| &name[..end])
}
