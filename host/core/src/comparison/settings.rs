//! Comparison of settings.

use crate::json::{self, Members, canonical};

/// The settings that belong to one environment alone, or that follow from the plugin.
const OWN: [&str; 8] = [
    "endpoint",
    "previous_endpoint_until",
    "signing_secret_set",
    "previous_signing_secret_until",
    "write_key_set",
    "previous_write_key_until",
    "verification_scheme",
    "preprocess_script",
];

/// A setting with two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDifference {
    /// The setting, such as `handle_identifies`; an option of the plugin is written `options.NAME`.
    pub name: String,
    /// The value in `from`, as JSON; `null` if it has none.
    pub from: String,
    /// The value in `to`, as JSON; `null` if it has none.
    pub to: String,
}

/// Returns true for a setting that belongs to one environment alone, which no comparison reports.
pub fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// Returns the settings that differ, in the order of `from`. Both are the object `settings` of the API.
///
/// A setting that is absent on one side is `null` there. The options of the plugin are compared one by one.
pub fn compare_settings(from: &str, to: &str) -> Vec<SettingDifference> {
    let [from, to] = [from, to].map(|text| json::members(text).unwrap_or_default());
    let mut found = Vec::new();
    differences(&from, &to, |name, from, to| match name {
        "options" => {
            let [from, to] = [from, to].map(|text| json::members(text).unwrap_or_default());
            differences(&from, &to, |option, from, to| found.push(difference(format!("options.{option}"), from, to)));
        }
        name if is_own(name) => {}
        name => found.push(difference(name.to_owned(), from, to)),
    });
    found
}

fn difference(name: String, from: &str, to: &str) -> SettingDifference {
    SettingDifference { name, from: from.to_owned(), to: to.to_owned() }
}

/// Passes on the members of either side whose values differ.
fn differences(from: &Members<'_>, to: &Members<'_>, mut found: impl FnMut(&str, &str, &str)) {
    let only_in_to = to.keys().filter(|name| !from.contains_key(*name));
    for name in from.keys().chain(only_in_to) {
        let [from, to] = [from, to].map(|side| side.get(name).copied().unwrap_or("null"));
        if canonical(from) != canonical(to) {
            found(name, from, to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(from: &str, to: &str) -> Vec<String> {
        compare_settings(from, to).into_iter().map(|difference| difference.name).collect()
    }

    #[test]
    fn settings_with_two_values_differ() {
        let from = r#"{"handle_identifies":true,"max_items":20000,"user_id_path":"data.id"}"#;
        let to = r#"{"max_items":20000,"handle_identifies":false}"#;
        let found = compare_settings(from, to);
        assert_eq!(found[0], difference("handle_identifies".to_owned(), "true", "false"));
        assert_eq!(found[1], difference("user_id_path".to_owned(), "\"data.id\"", "null"));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn what_belongs_to_one_environment_is_no_difference() {
        let from = r#"{"endpoint":"https://a/1","signing_secret_set":true,"verification_scheme":{"scheme":"a"}}"#;
        let to = r#"{"endpoint":"https://a/2","signing_secret_set":false,"verification_scheme":null}"#;
        assert_eq!(names(from, to), [""; 0]);
        assert!(is_own("endpoint") && !is_own("max_items"));
    }

    #[test]
    fn a_spelling_is_no_difference_and_digits_are_one() {
        assert_eq!(names(r#"{"a":["x"], "b":{"c":1,"d":2}}"#, r#"{"b":{"d":2, "c":1},"a":[ "\u0078" ]}"#), [""; 0]);
        assert_eq!(names(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#), ["a"]);
    }

    #[test]
    fn options_are_compared_one_by_one() {
        let from = r#"{"options":{"a":1,"b":2}}"#;
        assert_eq!(names(from, r#"{"options":{"a":1,"c":3}}"#), ["options.b", "options.c"]);
        assert_eq!(names(from, "{}"), ["options.a", "options.b"]);
    }
}
