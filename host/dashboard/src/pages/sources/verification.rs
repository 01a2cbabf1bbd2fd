//! The proof of who sends, in words and as fields: the verification scheme, as the API describes it, and the secret.

use inlet_api_types::sources::{SourceSettings, SourceStatus};
use serde_json::Value;

use crate::{
    components::{
        Html,
        form::{Field, Kind},
    },
    html::grouped,
};

/// Returns a sentence about how a sender, such as `The platform`, proves who sends; none if it has no scheme.
pub fn in_words(scheme: Option<&Value>, sender: &str) -> Option<String> {
    let scheme = scheme?;
    let text = |name: &str| scheme.get(name).and_then(Value::as_str);
    let header = text("header").unwrap_or("a header");
    Some(match text("scheme")? {
        "shared_secret" => {
            let prefix = text("prefix").map(str::trim).filter(|prefix| !prefix.is_empty());
            let after = prefix.map(|prefix| format!(" after {prefix:?}")).unwrap_or_default();
            format!("{sender} sends the secret itself, in the header {header}{after}.")
        }
        "signature" => {
            let algorithm = text("algorithm").unwrap_or("a signature").replace('_', "-").to_uppercase();
            format!("{sender} signs each request ({algorithm}), in the header {header}.")
        }
        other => format!("{sender} proves who sends by {}, in the header {header}.", other.replace('_', " ")),
    })
}

/// Returns the field for the kind of a first secret: that of a signature, or the key that an SDK sends in its place.
pub fn secret_kind(chosen: &str) -> Html {
    let kinds =
        [("signing_secret", "A secret that it signs with, or sends"), ("write_key", "The write key of its SDK")];
    let chosen = kinds.iter().find(|(value, _)| *value == chosen).map_or("signing_secret", |(value, _)| *value);
    let kinds = kinds.map(|(value, label)| (value.to_owned(), label.to_owned()));
    Field::new(Kind::Text, "kind", "What the platform has", chosen).required().choices(kinds).html()
}

/// Returns a random secret for a sender that has none of its own; none if the system has no random numbers.
pub fn suggested_secret(scheme: &Value) -> Option<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).ok()?;
    let prefix = scheme.pointer("/secret/prefix").and_then(Value::as_str).unwrap_or_default();
    // Their number makes hexadecimal digits base64 too, whichever of both the scheme reads.
    Some(format!("{prefix}{}", hex::encode(bytes)))
}

/// Returns the label of the choice to verify refused requests with a new secret; none if there are none. Where a secret is set
/// and verification is off, there is no choice: all of them would be accepted, whoever sent them.
pub fn verify_refused(status: &SourceStatus, settings: &SourceSettings) -> Option<String> {
    let has_credential = settings.signing_secret_set || settings.write_key_set;
    if has_credential && !settings.enforce_verification {
        return None;
    }
    let refused = status.needs_attention.causes.iter().filter(|cause| cause.kind == "refused");
    match refused.map(|cause| cause.count).sum::<i64>() {
        0 => None,
        1 => Some("Verify the refused request with it".to_owned()),
        count => Some(format!("Verify the {} refused requests with it", grouped(count))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemes_are_said_in_words() {
        let words = |scheme: Value| in_words(Some(&scheme), "The platform").unwrap();
        insta::assert_snapshot!(words(json!({"scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha1"})), @"The platform signs each request (HMAC-SHA1), in the header x-signature.");
        insta::assert_snapshot!(words(json!({"scheme": "shared_secret", "header": "x-secret"})), @"The platform sends the secret itself, in the header x-secret.");
        insta::assert_snapshot!(words(json!({"scheme": "shared_secret", "header": "authorization", "prefix": "Bearer "})), @r#"The platform sends the secret itself, in the header authorization after "Bearer"."#);
        assert_eq!(in_words(None, "The sender"), None);
    }

    #[test]
    fn a_suggested_secret_has_the_form_of_its_scheme() {
        let secret = suggested_secret(&json!({"secret": {"encoding": "base64", "prefix": "whsec_"}})).unwrap();
        let digits = secret.strip_prefix("whsec_").unwrap();
        assert!(digits.len() == 48 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
        assert_ne!(suggested_secret(&json!({})), suggested_secret(&json!({})));
    }
}
