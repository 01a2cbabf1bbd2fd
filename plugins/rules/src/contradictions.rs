//! Rules that are well written and can never apply.

use crate::read::reach;
use crate::{Condition, Data, HINTS, Part, Scalar, Source, Test, Text, Values, WrittenRules};

/// Adds a sentence for each rule that can never apply.
pub(crate) fn find(rules: &WrittenRules, faults: &mut Vec<String>) {
    let mut checks = Checks { faults, reach: reach(rules) };
    checks.values("rules", &rules.values);
    for (list, verdicts) in [("ignore", &rules.ignore), ("reject", &rules.reject)] {
        for (index, verdict) in verdicts.iter().enumerate() {
            checks.when(&format!("rules.{list}[{index}].when"), &verdict.when);
        }
    }
    for (index, event) in rules.events.iter().enumerate() {
        let at = format!("rules.events[{index}]");
        checks.when(&format!("{at}.when"), &event.when);
        checks.values(&at, &event.values);
        let is_covered =
            |earlier: &&crate::Override<Source, String>| earlier.when.iter().all(|one| event.when.contains(one));
        if let Some(earlier) = rules.events[..index].iter().position(|earlier| is_covered(&earlier)) {
            checks.faults.push(format!(
                "{at}.when: rules.events[{earlier}] applies to all of these items, and the first rule that applies counts; put \
                 the narrower one first"
            ));
        }
    }
}

struct Checks<'a> {
    faults: &'a mut Vec<String>,
    reach: usize,
}

impl Checks<'_> {
    fn source(&mut self, at: &str, source: &Source) {
        let Source::Up(level, _) = source else { return };
        if usize::from(*level) > self.reach {
            let reach = match self.reach {
                0 => "there is no `batch`, so no item is in another".to_owned(),
                levels => format!("`batch` has {levels} levels, so that is the furthest that `up` leads"),
            };
            self.faults.push(format!("{at}: found {source}, which leads nowhere: {reach}"));
        }
    }

    fn values(&mut self, at: &str, values: &Values<Source, String>) {
        let named = [
            ("event_type", &values.event_type),
            ("user_id", &values.user_id),
            ("key", &values.key),
            ("time", &values.time),
        ];
        for (name, alternatives) in named.into_iter().chain(HINTS.into_iter().zip(&values.hints)) {
            for alternative in alternatives.iter().flatten() {
                let at = format!("{at}.{name}");
                match alternative {
                    Text::Value(read) => self.source(&at, &read.source),
                    Text::Template(parts) => parts.iter().for_each(|part| {
                        if let Part::Value(read) = part {
                            self.source(&at, &read.source);
                        }
                    }),
                }
            }
        }
        match &values.data {
            None => {}
            Some(Data::First(sources)) => sources.iter().for_each(|source| self.source(&format!("{at}.data"), source)),
            Some(Data::Members(members)) => members.iter().for_each(|(name, sources)| {
                sources.iter().for_each(|source| self.source(&format!("{at}.data.{name}"), source));
            }),
        }
    }

    fn when(&mut self, at: &str, when: &[Condition<Source, String>]) {
        for condition in when {
            self.source(at, &condition.read.source);
            if let Some(reason) = never(condition) {
                self.faults.push(format!("{at}: the condition on {} never holds: {reason}", condition.read.source));
            }
        }
        for (index, one) in when.iter().enumerate() {
            for other in when[..index].iter().filter(|other| other.read == one.read) {
                if excludes(&one.test, &other.test) || excludes(&other.test, &one.test) {
                    let source = &one.read.source;
                    self.faults.push(format!("{at}: the conditions on {source} never hold together"));
                }
            }
        }
    }
}

/// Returns the reason why a condition never holds.
fn never(condition: &Condition<Source, String>) -> Option<String> {
    let is_text = condition.read.source.pointer().is_none();
    let texts: Vec<&str> = match &condition.test {
        Test::In(scalars) => {
            if is_text && scalars.iter().all(|scalar| !matches!(scalar, Scalar::Text(_))) {
                return Some("its value is always a text; write the compared value in quotes".to_owned());
            }
            let texts =
                scalars.iter().map(|scalar| if let Scalar::Text(text) = scalar { Some(text.as_str()) } else { None });
            texts.collect::<Option<_>>()?
        }
        Test::StartsWith(prefixes) if prefixes.is_empty() => return Some("there is nothing to begin with".to_owned()),
        Test::StartsWith(prefixes) => prefixes.iter().map(String::as_str).collect(),
        Test::Exists | Test::Missing | Test::NotIn(_) => return None,
    };
    let is_lower = |text: &&str| !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (condition.read.lower && !texts.is_empty() && !texts.iter().any(is_lower))
        .then(|| "the value is in lower case, and every compared one has a capital letter".to_owned())
}

/// Returns true if the second test never holds where the first does.
fn excludes(one: &Test<String>, other: &Test<String>) -> bool {
    match (one, other) {
        (Test::Missing, Test::Exists | Test::In(_) | Test::StartsWith(_)) => true,
        (Test::In(scalars), Test::In(others)) => !scalars.iter().any(|scalar| others.contains(scalar)),
        (Test::In(scalars), Test::NotIn(others)) => scalars.iter().all(|scalar| others.contains(scalar)),
        (Test::In(scalars), Test::StartsWith(prefixes)) => !scalars.iter().any(
            |scalar| matches!(scalar, Scalar::Text(text) if prefixes.iter().any(|prefix| text.starts_with(prefix))),
        ),
        (Test::StartsWith(prefixes), Test::StartsWith(others)) => !prefixes
            .iter()
            .any(|prefix| others.iter().any(|other| other.starts_with(prefix) || prefix.starts_with(other))),
        _ => false,
    }
}
