//! Differences between two JSON values, one line each.

use std::collections::BTreeSet;

use serde_json::Value;

/// Returns one line per difference, for example `items[0].event.user_id: expected {"at":"/userId"}, found nothing`.
pub(crate) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(&mut lines, "", Some(expected), Some(found));
    lines
}

fn compare(lines: &mut Vec<String>, place: &str, expected: Option<&Value>, found: Option<&Value>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            for name in names {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                compare(lines, &place, expected.get(name), found.get(name));
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            for index in 0..expected.len().max(found.len()) {
                compare(lines, &format!("{place}[{index}]"), expected.get(index), found.get(index));
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => lines.push(format!("{place}: expected {}, found {}", shown(expected), shown(found))),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told_and_where() {
        let expected =
            json!({"items": [{"event": {"event_type": "track/A", "user_id": {"at": "/userId"}}}], "memo": "m"});
        let found =
            json!({"items": [{"event": {"event_type": "track/B"}}, {"ignored": {"code": "empty"}}], "memo": "m"});
        insta::assert_snapshot!(differences(&expected, &found).join("\n"), @r#"
        items[0].event.event_type: expected "track/A", found "track/B"
        items[0].event.user_id: expected {"at":"/userId"}, found nothing
        items[1]: expected nothing, found {"ignored":{"code":"empty"}}
        "#);
        assert!(differences(&found, &found).is_empty());
    }
}
