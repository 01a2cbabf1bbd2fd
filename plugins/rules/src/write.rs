//! Writes rules as their text, so that compiled rules can be shown and compared.

use serde_json::{Map, Value, json};

use crate::{Condition, Data, HINTS, Part, Read, Scalar, Source, Test, Text, Values, Verdict, WrittenRules};

/// Returns rules as the member `rules` of a manifest. [`read`](crate::read) gives the same rules back.
pub fn write(rules: &WrittenRules) -> Value {
    let mut members = Map::new();
    if rules.array {
        members.insert("array".to_owned(), true.into());
    }
    if !rules.batch.is_empty() {
        let levels = rules.batch.iter().map(|level| one_or_many(level.iter().map(|pointer| json!(pointer)).collect()));
        members.insert("batch".to_owned(), levels.collect());
    }
    add_values(&mut members, &rules.values);
    for (name, verdicts) in [("ignore", &rules.ignore), ("reject", &rules.reject)] {
        if !verdicts.is_empty() {
            members.insert(name.to_owned(), verdicts.iter().map(verdict).collect());
        }
    }
    if !rules.events.is_empty() {
        let event = |event: &crate::Override<Source, String>| {
            let mut members = Map::from_iter([("when".to_owned(), when(&event.when))]);
            add_values(&mut members, &event.values);
            Value::from(members)
        };
        members.insert("events".to_owned(), rules.events.iter().map(event).collect());
    }
    members.into()
}

fn one_or_many(mut values: Vec<Value>) -> Value {
    if values.len() == 1 { values.remove(0) } else { values.into() }
}

fn add_values(members: &mut Map<String, Value>, values: &Values<Source, String>) {
    let named = [
        ("event_type", &values.event_type),
        ("user_id", &values.user_id),
        ("key", &values.key),
        ("time", &values.time),
    ];
    for (name, alternatives) in named.into_iter().chain(HINTS.into_iter().zip(&values.hints)) {
        if let Some(alternatives) = alternatives {
            members
                .insert(name.to_owned(), one_or_many(alternatives.iter().map(|text| json!(text_of(text))).collect()));
        }
    }
    let sources = |sources: &[Source]| one_or_many(sources.iter().map(|source| json!(source.to_string())).collect());
    match &values.data {
        None => {}
        Some(Data::First(alternatives)) => {
            members.insert("data".to_owned(), sources(alternatives));
        }
        Some(Data::Members(named)) => {
            let named = named.iter().map(|(name, alternatives)| (name.clone(), sources(alternatives)));
            members.insert("data".to_owned(), named.collect());
        }
    }
}

fn text_of(text: &Text<Source, String>) -> String {
    match text {
        Text::Value(read) => read_of(read),
        Text::Template(parts) => match &parts[..] {
            [Part::Fixed(fixed)] => {
                let is_plain = !(fixed.contains(':') || fixed.starts_with('/') || fixed.starts_with("event_type"));
                if is_plain { fixed.clone() } else { format!("text:{fixed}") }
            }
            parts => parts
                .iter()
                .map(|part| match part {
                    Part::Fixed(text) => text.clone(),
                    Part::Value(read) => format!("{{{}}}", read_of(read)),
                })
                .collect(),
        },
    }
}

fn read_of(read: &Read<Source>) -> String {
    format!("{}{}", read.source, if read.lower { "|lower" } else { "" })
}

fn verdict(verdict: &Verdict<Source, String>) -> Value {
    json!({ "when": when(&verdict.when), "code": verdict.code, "message": verdict.message })
}

fn when(conditions: &[Condition<Source, String>]) -> Value {
    one_or_many(conditions.iter().map(condition).collect())
}

fn condition(condition: &Condition<Source, String>) -> Value {
    let scalar = |scalar: &Scalar<String>| match scalar {
        Scalar::Text(text) => json!(text),
        Scalar::Number(number) => json!(number),
        Scalar::Boolean(boolean) => json!(boolean),
    };
    let compared = |one: &'static str, many: &'static str, scalars: &[Scalar<String>]| match scalars {
        [only] => (one, scalar(only)),
        scalars => (many, scalars.iter().map(scalar).collect()),
    };
    let (name, value) = match &condition.test {
        Test::Exists => ("exists", true.into()),
        Test::Missing => ("missing", true.into()),
        Test::In(scalars) => compared("equals", "in", scalars),
        Test::NotIn(scalars) => compared("not_equals", "not_in", scalars),
        Test::StartsWith(prefixes) => ("starts_with", one_or_many(prefixes.iter().map(|text| json!(text)).collect())),
    };
    Value::from(Map::from_iter([("at".to_owned(), json!(read_of(&condition.read))), (name.to_owned(), value)]))
}
