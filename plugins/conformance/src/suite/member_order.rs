//! The law about the order of members: an object has none (RFC 8259 §1).

use inlet_core::{
    contract::{Item, Notice, TranslatedEvent, Translation, Value},
    json::{self, Kind, MAX_DEPTH},
};

use super::{
    Findings, Subject,
    determinism::{Answer, first_difference},
    json_equality::canonical,
};

pub(super) async fn member_order(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        let Some(reversed) = reversed(sample.text()) else { continue };
        let before = subject.answer(&sample.request).await.map(comparable);
        let after = subject.answer(&sample.with_body(&reversed)).await.map(comparable);
        if let Some(difference) = first_difference(&before, &after) {
            findings.add(format!(
                "{} with the members of its objects in reverse order: expected the same translation, found another: \
                 {difference}",
                sample.name
            ));
        }
    }
}

/// Returns a JSON text with the members of all its objects in reverse order, or `None` if that changes nothing or the
/// text is not JSON. An object with duplicate members keeps its order, because the last of them counts.
fn reversed(text: &str) -> Option<String> {
    json::check(text, MAX_DEPTH).ok()?;
    let reversed = reverse(text);
    (reversed != reverse_nothing(text)).then_some(reversed)
}

fn reverse(text: &str) -> String {
    rewrite(text, &|members| members.reverse())
}

fn reverse_nothing(text: &str) -> String {
    rewrite(text, &|_| {})
}

/// Changes the order of an object's members: names and values, as JSON text.
type Reorder = dyn Fn(&mut Vec<(String, String)>);

fn rewrite(text: &str, order: &Reorder) -> String {
    match Kind::of(text) {
        Kind::Object => {
            let found = json::all_members(text).unwrap_or_default();
            let is_unique = json::members(text).is_some_and(|unique| unique.len() == found.len());
            let mut members: Vec<(String, String)> =
                found.into_iter().map(|(name, value)| (name.into_owned(), rewrite(value, order))).collect();
            if is_unique {
                order(&mut members);
            }
            json::object(members.iter().map(|(name, value)| (name, value.as_str())))
        }
        Kind::Array => json::array(json::items(text).unwrap_or_default().into_iter().map(|item| rewrite(item, order))),
        _ => text.trim().to_owned(),
    }
}

/// Returns an answer without what may follow the order of members: sentences, replies, the order of assembled members,
/// and the spelling of JSON that the plugin writes or echoes.
fn comparable(answer: Answer) -> Answer {
    match answer {
        Ok(found) => {
            Ok(Translation { items: found.items.iter().map(item).collect(), reply: None, memo: String::new() })
        }
        Err(found) => Err(notice(&found)),
    }
}

fn item(item: &Item) -> Item {
    match item {
        Item::Event(event) => Item::Event(TranslatedEvent {
            user_id: event.user_id.as_ref().map(value),
            data: event.data.as_ref().map(value),
            idempotency_key: event.idempotency_key.as_ref().map(value),
            occurred_at: event.occurred_at.as_ref().map(value),
            tag: canonical(&event.tag),
            ..event.clone()
        }),
        Item::Ignored(found) => Item::Ignored(notice(found)),
        Item::Rejected(found) => Item::Rejected(notice(found)),
    }
}

fn notice(notice: &Notice) -> Notice {
    Notice { code: notice.code.clone(), message: String::new(), at: None, tag: canonical(&notice.tag) }
}

fn value(value: &Value) -> Value {
    match value {
        Value::At(at) => Value::At(at.clone()),
        Value::Made(text) => Value::Made(canonical(text)),
        Value::Assembled(members) => {
            // The last member of a name counts.
            let mut last: Vec<(String, String)> = Vec::new();
            for (name, at) in members.iter().rev() {
                if !last.iter().any(|(other, _)| other == name) {
                    last.push((name.clone(), at.clone()));
                }
            }
            last.sort();
            Value::Assembled(last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reversed;

    #[test]
    fn members_are_reversed_at_every_level_and_values_stay() {
        assert_eq!(
            reversed(r#"{"a":1.10,"b":[{"c":"\u2603","d":{}}]}"#).as_deref(),
            Some(r#"{"b":[{"d":{},"c":"\u2603"}],"a":1.10}"#)
        );
        for unchanged in [r#"{"a":1}"#, r#"{"a":1,"a":2}"#, "[1,2]", "payload=%7B%7D", ""] {
            assert_eq!(reversed(unchanged), None, "{unchanged}");
        }
    }
}
