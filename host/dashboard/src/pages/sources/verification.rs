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
    let place = match (text("header"), text("query"), text("body")) {
        (Some(header), ..) => format!("in the header {header}"),
        (None, Some(parameter), _) => format!("in the query parameter {parameter}"),
        (None, None, Some(pointer)) => format!("in the body at {pointer}"),
        (None, None, None) => "in a header".to_owned(),
    };
    Some(match text("scheme")? {
        "shared_secret" if text("encoding") == Some("base64") => {
            format!("{sender} sends a name and a password, {place}. The secret is name:password.")
        }
        "shared_secret" => {
            let prefix = text("prefix").map(str::trim).filter(|prefix| !prefix.is_empty());
            let after = prefix.map(|prefix| format!(" after {prefix:?}")).unwrap_or_default();
            format!("{sender} sends the secret itself, {place}{after}.")
        }
        "signature" => {
            let algorithm = text("algorithm").unwrap_or("a signature").replace('_', "-").to_uppercase();
            let key = match text("algorithm") {
                Some("ed25519" | "ecdsa_p256" | "rsa_sha256") => " The secret is its public key.",
                _ => "",
            };
            format!("{sender} signs each request ({algorithm}), {place}.{key}")
        }
        "jwt" => {
            let algorithm = text("algorithm").unwrap_or_default().to_uppercase();
            format!("{sender} sends a JSON Web Token ({algorithm}), {place}. The secret is the key that verifies it.")
        }
        "any_of" => {
            let alternatives = scheme.get("any_of").and_then(Value::as_array).into_iter().flatten();
            let words: Vec<String> = alternatives.filter_map(|one| in_words(Some(one), sender)).collect();
            words.join(" Or: ")
        }
        other => format!("{sender} proves who sends by {}, {place}.", other.replace('_', " ")),
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
    let is_name_and_password = scheme.get("encoding").is_some_and(|encoding| encoding == "base64")
        && scheme.get("scheme").is_some_and(|name| name == "shared_secret");
    let prefix = match is_name_and_password {
        true => "inlet:",
        false => scheme.pointer("/secret/prefix").and_then(Value::as_str).unwrap_or_default(),
    };
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
        insta::assert_snapshot!(words(json!({"scheme": "signature", "body": "/Signature", "algorithm": "rsa_sha256"})), @"The platform signs each request (RSA-SHA256), in the body at /Signature. The secret is its public key.");
        insta::assert_snapshot!(words(json!({"scheme": "jwt", "query": "token", "algorithm": "es256"})), @"The platform sends a JSON Web Token (ES256), in the query parameter token. The secret is the key that verifies it.");
        insta::assert_snapshot!(words(json!({"scheme": "any_of", "any_of": [{"scheme": "shared_secret", "header": "x-a"}, {"scheme": "shared_secret", "header": "authorization", "prefix": "Basic ", "encoding": "base64"}]})), @"The platform sends the secret itself, in the header x-a. Or: The platform sends a name and a password, in the header authorization. The secret is name:password.");
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
