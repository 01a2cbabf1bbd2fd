//! Reads rules from their text, and names every fault by its member.

use serde_json::{Map, Value};

use crate::limits::{
    ALTERNATIVES, BATCH_LEVELS, COMPARED, CONDITIONS, EVENTS, MEMBERS, PARTS, TEXT_BYTES, UP_LEVELS, VERDICTS,
};
use crate::source::{self, FORMS, Source};
use crate::{
    Condition, Data, HINTS, Override, Part, Read, Scalar, Test, Text, Values, Verdict, WrittenRules, contradictions,
};

type Members = Map<String, Value>;

const VALUES: [&str; 8] = ["event_type", "user_id", "key", "time", "data", HINTS[0], HINTS[1], HINTS[2]];
const TESTS: [&str; 7] = ["exists", "missing", "equals", "in", "not_equals", "not_in", "starts_with"];

/// Reads the member `rules` of a plugin.toml, as JSON.
///
/// # Errors
///
/// A sentence for each fault, which begins with the member: `rules.events[0].when.at: …`.
pub fn read(rules: &Value) -> Result<WrittenRules, Vec<String>> {
    let mut reader = Reader { faults: Vec::new() };
    let rules = reader.rules(rules);
    if reader.faults.is_empty() {
        contradictions::find(&rules, &mut reader.faults);
    }
    if reader.faults.is_empty() { Ok(rules) } else { Err(reader.faults) }
}

struct Reader {
    faults: Vec<String>,
}

/// The forms that a value may have.
#[derive(Clone, Copy)]
struct Allowed {
    /// A text that stands in the rules.
    fixed: bool,
    /// A text made of several values.
    template: bool,
    /// Letters made lower case.
    lower: bool,
    /// The event type itself.
    event_type: bool,
}

impl Reader {
    fn fault(&mut self, at: &str, sentence: impl std::fmt::Display) {
        self.faults.push(format!("{at}: {sentence}"));
    }

    fn rules(&mut self, value: &Value) -> WrittenRules {
        let at = "rules";
        let Some(members) = self.table(at, value) else { return WrittenRules::default() };
        self.only(at, members, &[&["array", "batch", "ignore", "reject", "events"], &VALUES[..]].concat());
        let array = members.get("array").is_some_and(|value| self.boolean("rules.array", value));
        let batch = members.get("batch").map(|value| self.batch("rules.batch", value)).unwrap_or_default();
        let values = self.values(at, members, false);
        if values.event_type.as_ref().is_none_or(Vec::is_empty) && !members.contains_key("event_type") {
            self.fault(
                at,
                "`event_type` is missing; it says where the event type is, for example event_type = \"/type\"",
            );
        }
        let ignore = self.list("rules.ignore", members.get("ignore"), VERDICTS, Self::verdict);
        let reject = self.list("rules.reject", members.get("reject"), VERDICTS, Self::verdict);
        let events = self.list("rules.events", members.get("events"), EVENTS, Self::event);
        WrittenRules { array, batch, values, ignore, reject, events }
    }

    fn batch(&mut self, at: &str, value: &Value) -> Vec<Vec<String>> {
        let levels: Vec<&Value> = match value {
            Value::Array(levels) => levels.iter().collect(),
            one => vec![one],
        };
        if levels.is_empty() || levels.len() > BATCH_LEVELS {
            self.fault(at, format_args!("found {} levels; expected 1 to {BATCH_LEVELS}", levels.len()));
        }
        let level = |(index, level): (usize, &Value)| {
            let at = if value.is_array() { format!("{at}[{index}]") } else { at.to_owned() };
            self.texts(&at, level, ALTERNATIVES)
                .into_iter()
                .filter_map(|text| match source::pointer(&text) {
                    Ok(pointer) if pointer.is_empty() => {
                        self.fault(&at, "found an empty pointer; write array = true for a body that is an array");
                        None
                    }
                    Ok(pointer) if pointer.contains("/<") || pointer.contains("/[") => {
                        self.fault(
                            &at,
                            format_args!("found {pointer:?}; where a batch is does not depend on options or elements"),
                        );
                        None
                    }
                    Ok(pointer) => Some(pointer),
                    Err(sentence) => {
                        self.fault(&at, sentence);
                        None
                    }
                })
                .collect()
        };
        levels.into_iter().enumerate().map(level).collect()
    }

    fn values(&mut self, at: &str, members: &Members, is_event: bool) -> Values<Source, String> {
        let named = Allowed { fixed: true, template: true, lower: true, event_type: is_event };
        let pointed = Allowed { fixed: false, template: true, lower: false, event_type: true };
        let time = Allowed { template: false, event_type: false, ..pointed };
        let mut get = |name: &str, allowed| {
            members.get(name).map(|value| self.alternatives(&format!("{at}.{name}"), value, allowed))
        };
        Values {
            event_type: get("event_type", named),
            user_id: get("user_id", pointed),
            key: get("key", pointed),
            time: get("time", time),
            hints: HINTS.map(|name| get(name, pointed)),
            data: members.get("data").map(|value| self.data(&format!("{at}.data"), value)),
        }
    }

    fn alternatives(&mut self, at: &str, value: &Value, allowed: Allowed) -> Vec<Text<Source, String>> {
        let texts = self.texts(at, value, ALTERNATIVES);
        let last = texts.len().saturating_sub(1);
        let mut found = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let at = if value.is_array() { format!("{at}[{index}]") } else { at.to_owned() };
            match alternative(text, allowed) {
                Ok(alternative) => {
                    if index < last && is_fixed(&alternative) {
                        self.fault(&at, "a fixed text is always there, so what follows it is never used; put it last");
                    }
                    found.push(alternative);
                }
                Err(sentence) => self.fault(&at, sentence),
            }
        }
        found
    }

    fn data(&mut self, at: &str, value: &Value) -> Data<Source, String> {
        let Value::Object(members) = value else { return Data::First(self.pointers(at, value)) };
        if members.is_empty() || members.len() > MEMBERS {
            self.fault(at, format_args!("found {} members; expected 1 to {MEMBERS}", members.len()));
        }
        let mut found = Vec::new();
        for (name, value) in members {
            if name.len() > TEXT_BYTES {
                self.fault(
                    at,
                    format_args!("a member's name is {} bytes long; at most {TEXT_BYTES} can be used", name.len()),
                );
            }
            let sources = self.pointers(&format!("{at}.{name}"), value);
            found.push((name.clone(), sources));
        }
        Data::Members(found)
    }

    /// Reads pointers, of which the first that is present counts.
    fn pointers(&mut self, at: &str, value: &Value) -> Vec<Source> {
        let mut found = Vec::new();
        for text in self.texts(at, value, ALTERNATIVES) {
            match Source::parse(&text) {
                Ok(source) if source.pointer().is_some() => found.push(source),
                Ok(source) => self.fault(at, format_args!("found {source}; data points into the body: expected a JSON Pointer such as /object or body:/object")),
                Err(sentence) => self.fault(at, sentence),
            }
        }
        found
    }

    fn verdict(&mut self, at: &str, value: &Value) -> Option<Verdict<Source, String>> {
        let members = self.table(at, value)?;
        self.only(at, members, &["when", "code", "message"]);
        let when = self.when(at, members);
        let code = self.required(at, members, "code");
        let is_code =
            |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !code.is_empty() && (code.len() > 64 || !is_code(&code)) {
            self.fault(
                &format!("{at}.code"),
                format_args!(
                    "found {code:?}; expected at most 64 lower-case letters, digits and underscores, such as ping"
                ),
            );
        }
        let message = self.required(at, members, "message");
        Some(Verdict { when, code, message })
    }

    fn event(&mut self, at: &str, value: &Value) -> Option<Override<Source, String>> {
        let members = self.table(at, value)?;
        self.only(at, members, &[&["when"], &VALUES[..]].concat());
        let when = self.when(at, members);
        if !VALUES.iter().any(|name| members.contains_key(*name)) {
            self.fault(at, format_args!("it changes nothing; expected at least one of {}", VALUES.join(", ")));
        }
        Some(Override { when, values: self.values(at, members, true) })
    }

    fn when(&mut self, at: &str, members: &Members) -> Vec<Condition<Source, String>> {
        let Some(value) = members.get("when") else {
            self.fault(at, "`when` is missing; it says which items the rule is for, for example when = { at = \"/type\", equals = \"ping\" }");
            return Vec::new();
        };
        let at = format!("{at}.when");
        let conditions: Vec<&Value> = match value {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        };
        if conditions.is_empty() || conditions.len() > CONDITIONS {
            self.fault(&at, format_args!("found {} conditions; expected 1 to {CONDITIONS}", conditions.len()));
        }
        let place = |index| if value.is_array() { format!("{at}[{index}]") } else { at.clone() };
        conditions.into_iter().enumerate().filter_map(|(index, one)| self.condition(&place(index), one)).collect()
    }

    fn condition(&mut self, at: &str, value: &Value) -> Option<Condition<Source, String>> {
        let members = self.table(at, value)?;
        self.only(at, members, &[&["at"], &TESTS[..]].concat());
        let place = format!("{at}.at");
        let Some(text) = members.get("at") else {
            self.fault(at, format_args!("`at` is missing; {FORMS}"));
            return None;
        };
        let text = self.text(&place, text)?;
        let read = match read_of(&text) {
            Ok(read) => read,
            Err(sentence) => {
                self.fault(&place, sentence);
                return None;
            }
        };
        let tests: Vec<&str> = TESTS.into_iter().filter(|test| members.contains_key(*test)).collect();
        let [test] = tests[..] else {
            self.fault(at, format_args!("found {} tests; expected exactly one of {}", tests.len(), TESTS.join(", ")));
            return None;
        };
        let (place, value) = (format!("{at}.{test}"), members.get(test)?);
        let test = match test {
            "exists" | "missing" => {
                if value != &Value::Bool(true) {
                    let other = if test == "exists" { "missing" } else { "exists" };
                    self.fault(
                        &place,
                        format_args!("found {value}; expected true, or {other} = true for the opposite"),
                    );
                }
                if test == "exists" { Test::Exists } else { Test::Missing }
            }
            "starts_with" => Test::StartsWith(self.texts(&place, value, COMPARED)),
            "equals" => Test::In(self.scalar(&place, value).into_iter().collect()),
            "not_equals" => Test::NotIn(self.scalar(&place, value).into_iter().collect()),
            "in" => Test::In(self.scalars(&place, value)),
            _ => Test::NotIn(self.scalars(&place, value)),
        };
        if matches!(&test, Test::StartsWith(prefixes) if prefixes.iter().any(String::is_empty)) {
            self.fault(&place, "every text begins with an empty one; expected a text, or exists = true");
        }
        Some(Condition { read, test })
    }

    fn scalars(&mut self, at: &str, value: &Value) -> Vec<Scalar<String>> {
        match value {
            Value::Array(values) if (1..=COMPARED).contains(&values.len()) => {
                values.iter().filter_map(|value| self.scalar(at, value)).collect()
            }
            Value::Array(values) => {
                self.fault(at, format_args!("found {} values; expected 1 to {COMPARED}", values.len()));
                Vec::new()
            }
            other => {
                self.fault(at, format_args!("found {other}; expected an array of values"));
                Vec::new()
            }
        }
    }

    fn scalar(&mut self, at: &str, value: &Value) -> Option<Scalar<String>> {
        match value {
            Value::String(text) if text.is_empty() => {
                self.fault(at, "an empty text counts as missing; write missing = true or exists = true");
                None
            }
            Value::String(_) => self.text(at, value).map(Scalar::Text),
            Value::Bool(boolean) => Some(Scalar::Boolean(*boolean)),
            Value::Number(number) if number.as_i64().is_some() => number.as_i64().map(Scalar::Number),
            other => {
                self.fault(at, format_args!("found {other}; expected a text, a whole number, true or false"));
                None
            }
        }
    }

    fn list<T>(
        &mut self,
        at: &str,
        value: Option<&Value>,
        most: usize,
        read: fn(&mut Self, &str, &Value) -> Option<T>,
    ) -> Vec<T> {
        let items = match value {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(at, format_args!("expected an array of tables, written [[{at}]]"));
                return Vec::new();
            }
        };
        if items.len() > most {
            self.fault(at, format_args!("found {} rules; at most {most} can be used", items.len()));
        }
        items.iter().enumerate().filter_map(|(index, item)| read(self, &format!("{at}[{index}]"), item)).collect()
    }

    fn table<'a>(&mut self, at: &str, value: &'a Value) -> Option<&'a Members> {
        let members = value.as_object();
        if members.is_none() {
            self.fault(at, format_args!("found {value}; expected a table"));
        }
        members
    }

    fn only(&mut self, at: &str, members: &Members, known: &[&str]) {
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.fault(
                &format!("{at}.{name}"),
                format_args!("there is no such member; expected one of {}", known.join(", ")),
            );
        }
    }

    fn required(&mut self, at: &str, members: &Members, name: &str) -> String {
        match members.get(name) {
            Some(value) => {
                let text = self.text(&format!("{at}.{name}"), value).unwrap_or_default();
                if value.as_str() == Some("") {
                    self.fault(&format!("{at}.{name}"), "found an empty text; expected one that says why");
                }
                text
            }
            None => {
                self.fault(at, format_args!("`{name}` is missing; the event log shows it"));
                String::new()
            }
        }
    }

    /// Reads one text or an array of texts.
    fn texts(&mut self, at: &str, value: &Value, most: usize) -> Vec<String> {
        match value {
            Value::Array(values) => {
                if values.len() > most {
                    self.fault(at, format_args!("found {} values; at most {most} can be used", values.len()));
                }
                values.iter().filter_map(|value| self.text(at, value)).collect()
            }
            one => self.text(at, one).into_iter().collect(),
        }
    }

    fn text(&mut self, at: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) if text.len() > TEXT_BYTES => {
                self.fault(at, format_args!("the text is {} bytes long; at most {TEXT_BYTES} can be used", text.len()));
                None
            }
            Value::String(text) => Some(text.clone()),
            other => {
                self.fault(at, format_args!("found {other}; expected a text"));
                None
            }
        }
    }

    fn boolean(&mut self, at: &str, value: &Value) -> bool {
        value.as_bool().unwrap_or_else(|| {
            self.fault(at, format_args!("found {value}; expected true or false"));
            false
        })
    }
}

/// Reads one alternative. The error is a sentence without its beginning.
fn alternative(text: &str, allowed: Allowed) -> Result<Text<Source, String>, String> {
    if let Some(fixed) = text.strip_prefix("text:") {
        return fixed_text(fixed, allowed);
    }
    if text.contains(['{', '}']) {
        return template(text, allowed);
    }
    // A word before a colon is meant as the kind of a source, also if it is misspelt.
    let is_kind =
        |kind: &str| !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let names_a_kind = text.split_once(':').is_some_and(|(kind, _)| is_kind(kind));
    if text.is_empty() || text.starts_with('/') || names_a_kind || text == "event_type" || text == "event_type|lower" {
        return match read_of(text) {
            Ok(read) => checked(read, allowed).map(Text::Value),
            Err(sentence) if allowed.fixed && names_a_kind => {
                Err(format!("{sentence}; write text:{text} for a fixed text"))
            }
            Err(sentence) => Err(sentence),
        };
    }
    fixed_text(text, allowed)
}

fn fixed_text(text: &str, allowed: Allowed) -> Result<Text<Source, String>, String> {
    if !allowed.fixed {
        return Err(format!("found the fixed text {text:?}, which would be the same for every event; {FORMS}"));
    }
    if text.is_empty() || text.contains(['{', '}']) {
        return Err("a fixed text has at least one character, and no braces".to_owned());
    }
    Ok(Text::Template(vec![Part::Fixed(text.to_owned())]))
}

fn template(text: &str, allowed: Allowed) -> Result<Text<Source, String>, String> {
    if !allowed.template {
        return Err(format!("found the template {text:?}; expected a single value: {FORMS}"));
    }
    let unbalanced = || format!("the braces of {text:?} are not balanced; a value is written {{/type}}");
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (fixed, after) = rest.split_once('{').unwrap_or((rest, ""));
        if fixed.contains('}') {
            return Err(unbalanced());
        }
        if !fixed.is_empty() {
            parts.push(Part::Fixed(fixed.to_owned()));
        }
        if fixed.len() == rest.len() {
            break;
        }
        let (inner, after) = after.split_once('}').ok_or_else(unbalanced)?;
        if inner.contains('{') {
            return Err(unbalanced());
        }
        let read = read_of(inner).map_err(|sentence| format!("the part {{{inner}}} is no value: {sentence}"))?;
        parts.push(Part::Value(checked(read, Allowed { lower: true, ..allowed })?));
        rest = after;
    }
    if parts.len() > PARTS {
        return Err(format!("the template has {} parts; at most {PARTS} can be used", parts.len()));
    }
    Ok(Text::Template(parts))
}

/// Reads a value and its transformation.
fn read_of(text: &str) -> Result<Read<Source>, String> {
    let (text, lower) = match text.rsplit_once('|') {
        Some((text, "lower")) => (text, true),
        Some((_, other)) => {
            return Err(format!("found {text:?}; `|{other}` is unknown, the only transformation is |lower"));
        }
        None => (text, false),
    };
    Ok(Read { source: Source::parse(text)?, lower })
}

fn checked(read: Read<Source>, allowed: Allowed) -> Result<Read<Source>, String> {
    if read.lower && !allowed.lower {
        return Err(format!("found {}|lower; this value is passed as it was sent", read.source));
    }
    if read.source == Source::EventType && !allowed.event_type {
        return Err("found event_type, which cannot be made of itself".to_owned());
    }
    Ok(read)
}

fn is_fixed(alternative: &Text<Source, String>) -> bool {
    matches!(alternative, Text::Template(parts) if parts.iter().all(|part| matches!(part, Part::Fixed(_))))
}

/// Returns the greatest level that `up:` may have in these rules.
pub(crate) fn reach(rules: &WrittenRules) -> usize {
    rules.batch.len().min(UP_LEVELS)
}
