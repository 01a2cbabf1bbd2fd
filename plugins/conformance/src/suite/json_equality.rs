//! Comparison of JSON values that ignores spelling, for JSON that a plugin wrote itself.

use inlet_core::json::{self, Kind};

/// Returns true if two texts have the same value. Numbers are compared digit by digit; the last of duplicate members
/// counts.
pub(super) fn equal(left: &str, right: &str) -> bool {
    canonical(left) == canonical(right)
}

/// Returns the canonical spelling: escapes decoded, white space and overridden members removed, members sorted by name.
pub(super) fn canonical(text: &str) -> String {
    match Kind::of(text) {
        Kind::String => json::string(text).map_or_else(|| text.to_owned(), |decoded| json::quote(&decoded)),
        Kind::Object => {
            let mut members = json::members(text).unwrap_or_default();
            members.sort_keys();
            let members: Vec<_> = members.iter().map(|(name, value)| (name, canonical(value))).collect();
            json::object(members.iter().map(|(name, value)| (name, value.as_str())))
        }
        Kind::Array => json::array(json::items(text).unwrap_or_default().into_iter().map(canonical)),
        _ => text.trim().to_owned(),
    }
}

/// Returns true if every object in `text` that has at least one of `members` has all of them unchanged. Members are
/// recognised by the prefix `inlet_`.
pub(super) fn holds_all_or_none(text: &str, members: &str) -> bool {
    let sent = format!("{{{members}}}");
    let names: Vec<_> = json::all_members(&sent).unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    let mut kept = true;
    each_value(text, &mut |object| {
        let found = json::all_members(object).unwrap_or_default();
        if found.iter().any(|(name, _)| name.starts_with("inlet_")) {
            // The last of duplicates is the one that lookups find.
            let is_kept =
                |name| json::member(object, name).zip(json::member(&sent, name)).is_some_and(|(a, b)| equal(a, b));
            kept &= names.iter().all(|name| is_kept(name));
        }
    });
    kept
}

/// Visits a value and all values inside it.
pub(super) fn each_value<'a>(text: &'a str, visit: &mut impl FnMut(&'a str)) {
    visit(text);
    if let Some(members) = json::all_members(text) {
        members.into_iter().for_each(|(_, value)| each_value(value, visit));
    }
    if let Some(items) = json::items(text) {
        items.into_iter().for_each(|value| each_value(value, visit));
    }
}

#[cfg(test)]
mod tests {
    use super::{equal, holds_all_or_none};

    #[test]
    fn spelling_does_not_matter_and_every_digit_does() {
        assert!(equal(r#" {"b":[1.10], "a":"\u2603\/"} "#, "{\"a\":\"\u{2603}/\",\"b\":[1.10]}"));
        assert!(equal(r#"{"a":1,"a":2}"#, r#"{"a":2}"#));
        for (left, right) in
            [("1.10", "1.1"), ("9007199254740993", "9007199254740992"), (r#"{"a":1}"#, "{}"), ("1", r#""1""#)]
        {
            assert!(!equal(left, right), "{left} {right}");
        }
    }

    #[test]
    fn what_was_sent_together_is_kept_together() {
        let members = r#""inlet_n":1.10,"inlet_u":"\u2603","inlet_d":1,"inlet_d":2"#;
        assert!(holds_all_or_none(r#"{"x":{"other":1}}"#, members));
        assert!(holds_all_or_none("[{\"inlet_u\":\"\u{2603}\",\"inlet_d\":2,\"inlet_n\":1.10}]", members));
        for spoilt in [
            "[{\"inlet_u\":\"\u{2603}\",\"inlet_d\":2,\"inlet_n\":1.1}]",
            "[{\"inlet_u\":\"?\",\"inlet_d\":2,\"inlet_n\":1.10}]",
            "[{\"inlet_u\":\"\u{2603}\",\"inlet_d\":1,\"inlet_n\":1.10}]",
            r#"{"inlet_n":1.10}"#,
        ] {
            assert!(!holds_all_or_none(spoilt, members), "{spoilt}");
        }
    }
}
