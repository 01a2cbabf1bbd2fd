//! The verification of a delivery's signature (Standard Webhooks), as a receiver does it.
//!
//! It shares no code with the target that signs: this is how Inlet verifies its own senders.

use inlet_core::verification::{Sent, Target, Template, Verdict};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// The scheme, as a plugin's manifest states it.
const SCHEME: &str = r#"{"scheme":"signature","header":"webhook-signature","algorithm":"hmac_sha256","encoding":"base64",
    "list":{"separator":" ","assign":",","signature":"v1"},"secret":{"encoding":"base64","prefix":"whsec_"},
    "timestamp":{"header":"webhook-timestamp","unit":"seconds","tolerance_seconds":300},"id":{"header":"webhook-id"},
    "signed":["{id}.{timestamp}.{body}"]}"#;

/// Verifies deliveries with one secret.
pub struct Verifier {
    scheme: Option<Template>,
    secret: String,
}

impl Verifier {
    /// Creates a verifier.
    pub fn new(secret: String) -> Self {
        Self { scheme: serde_json::from_str(SCHEME).ok(), secret }
    }

    /// Verifies a delivery. The error says why it is not verified.
    pub fn verify(&self, headers: &[(String, String)], body: &[u8], at_ms: i64) -> Result<(), &'static str> {
        let Some(scheme) = &self.scheme else { return Err("the scheme cannot be read") };
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let sent = Sent {
            method: "POST",
            headers: &headers,
            credential_header: Some(SIGNATURE),
            target: Target::default(),
            options: "{}",
            body,
            at_ms,
        };
        let verification = scheme.verify(&sent, [self.secret.as_str()]);
        match (verification.verdict, verification.cause) {
            (Verdict::Verified(_), _) => Ok(()),
            (Verdict::Missing, _) => Err("there is no webhook-signature"),
            (_, "doubled") => Err("a header was sent twice"),
            (_, "malformed") => Err("a header cannot be read"),
            (_, "stale") => Err("its time is over five minutes from now"),
            _ => Err("the secret or the body differs"),
        }
    }
}

/// Returns the bytes that a signature covers: `webhook-id.webhook-timestamp.body`.
pub fn signed_content(headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    [format!("{}.{}.", value(headers, ID), value(headers, TIMESTAMP)).as_bytes(), body].concat()
}

/// Returns the first signature of a delivery without its version.
pub fn shown_signature(headers: &[(String, String)]) -> String {
    let first = value(headers, SIGNATURE).split(' ').next().unwrap_or_default();
    first.strip_prefix("v1,").unwrap_or(first).to_owned()
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT_MS: i64 = 1_614_265_330_000;

    fn headers(signature: &str) -> Vec<(String, String)> {
        [(ID, "msg_p5jXN8AQM9LWM0D4loKWxJek"), (TIMESTAMP, "1614265330"), (SIGNATURE, signature)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }

    #[test]
    fn the_example_of_the_specification_is_verified_and_what_differs_is_not() {
        let right = headers("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let verifier = Verifier::new(SECRET.to_owned());
        assert_eq!(verifier.verify(&right, BODY, AT_MS), Ok(()));
        assert_eq!(verifier.verify(&right, br#"{"test": 2432232315}"#, AT_MS), Err("the secret or the body differs"));
        assert_eq!(verifier.verify(&right, BODY, AT_MS + 301_000), Err("its time is over five minutes from now"));
        assert_eq!(verifier.verify(&right[..2], BODY, AT_MS), Err("there is no webhook-signature"));
        let other = Verifier::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned());
        assert_eq!(other.verify(&right, BODY, AT_MS), Err("the secret or the body differs"));
    }

    #[test]
    fn what_is_signed_and_the_signature_are_shown() {
        let sent = headers("v1,abc= v1,def=");
        assert_eq!(shown_signature(&sent), "abc=");
        let expected = br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        assert_eq!(signed_content(&sent, BODY), expected);
    }
}
