//! The names of settings for people, and their values in words.

use inlet_core::json::{self, Kind};

/// The settings that are on or off and change what a source does, in the order of the page of a source.
pub const SWITCHES: [(&str, &str); 3] = [
    ("handle_identifies", "Identify users"),
    ("enforce_idempotency", "Skip duplicates"),
    ("enforce_verification", "Require verification"),
];

/// Returns the name of a setting for people.
pub fn label(setting: &str) -> String {
    let known = match setting {
        "preprocess_script" => "Script",
        "verification_header" => "Header of the credential",
        "verification_headers" => "Headers of the signature",
        "trust_unsigned_batch_items" => "Accept unsigned items of a batch",
        "idempotency_window_seconds" => "Idempotency window",
        "idempotency_key_path" => "Path of the idempotency key",
        "event_type_path" => "Path of the event type",
        "user_id_path" => "Path of the user id",
        "data_path" => "Path of the data",
        "timestamp_path" => "Path of the time",
        "allowed_origins" => "Origins of browsers",
        "keep_headers" => "Headers to keep",
        "redact_paths" => "Redacted paths",
        "max_body_bytes" => "Largest body",
        "max_items" => "Most items of a request",
        "max_requests_per_second" => "Most requests in a second",
        "on_reject" => "Answer to unreadable requests",
        _ => "",
    };
    let switch = SWITCHES.iter().find(|(name, _)| *name == setting).map(|(_, label)| *label);
    match (known, switch, setting.strip_prefix("options.")) {
        (_, Some(label), _) => label.to_owned(),
        (_, _, Some(option)) => format!("Option {option}"),
        ("", ..) => setting.to_owned(),
        (known, ..) => known.to_owned(),
    }
}

/// Writes a value of a setting, which is JSON, for people.
pub fn value(text: &str) -> String {
    match Kind::of(text) {
        Kind::Null => "not set".to_owned(),
        Kind::String => json::string(text).unwrap_or_else(|| text.to_owned()),
        Kind::Array => match json::items(text).unwrap_or_default().as_slice() {
            [] => "none".to_owned(),
            items => items.iter().map(|item| value(item)).collect::<Vec<_>>().join(", "),
        },
        _ if text.trim() == "true" => "on".to_owned(),
        _ if text.trim() == "false" => "off".to_owned(),
        _ => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_names_and_values_in_words() {
        assert_eq!(label("handle_identifies"), "Identify users");
        assert_eq!(
            (label("options.depth"), label("new_setting")),
            ("Option depth".to_owned(), "new_setting".to_owned())
        );
        let values = ["true", "null", "[]", r#"["a","b.c"]"#, r#""refuse""#, "9007199254740993"].map(value);
        assert_eq!(values, ["on", "not set", "none", "a, b.c", "refuse", "9007199254740993"]);
    }
}
