//! A verification scheme in words, from the API's description of it.

use serde_json::Value;

/// Returns a sentence about how a platform proves who sends; none if it has no scheme.
pub fn in_words(scheme: Option<&Value>) -> Option<String> {
    let scheme = scheme?;
    let text = |name: &str| scheme.get(name).and_then(Value::as_str);
    let header = text("header").unwrap_or("a header");
    Some(match text("scheme")? {
        "shared_secret" => format!("The platform sends the secret itself, in the header {header}."),
        "signature" => {
            let algorithm = text("algorithm").unwrap_or("a signature").replace('_', "-").to_uppercase();
            format!("The platform signs each request ({algorithm}), in the header {header}.")
        }
        other => format!("The platform proves who sends by {}, in the header {header}.", other.replace('_', " ")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemes_are_said_in_words() {
        let words = |scheme: Value| in_words(Some(&scheme)).unwrap();
        insta::assert_snapshot!(words(json!({"scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha1"})), @"The platform signs each request (HMAC-SHA1), in the header x-signature.");
        insta::assert_snapshot!(words(json!({"scheme": "shared_secret", "header": "x-secret"})), @"The platform sends the secret itself, in the header x-secret.");
        assert_eq!(in_words(None), None);
    }
}
