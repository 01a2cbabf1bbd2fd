//! A received delivery.

use axum::{body::Bytes, http::HeaderMap};
use inlet_core::{json, time};

use super::verify::Verifier;

/// The most characters of a text on a line.
const MAX_CHARS: usize = 40;

/// A received delivery.
pub struct Received {
    /// The time of its arrival, in milliseconds since 1970.
    pub at_ms: i64,
    /// The headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// The workflow's key.
    pub workflow: String,
    /// The recipients in a few words.
    pub recipients: String,
    /// The result of the verification; the error says why it is not verified.
    pub verified: Result<(), &'static str>,
}

impl Received {
    /// Verifies a delivery and reads what it is about.
    pub fn new(at_ms: i64, headers: &HeaderMap, body: Bytes, verifier: &Verifier) -> Self {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let verified = verifier.verify(&headers, &body, at_ms);
        let text = std::str::from_utf8(&body).unwrap_or_default();
        let workflow = json::point(text, "/data/workflow").and_then(json::string);
        let recipients = json::point(text, "/data/recipients").and_then(json::items).unwrap_or_default();
        let first = recipients.first().and_then(|recipient| json::string(json::member(recipient, "id")?));
        let (workflow, recipients) = match (workflow, first) {
            (Some(workflow), Some(first)) if recipients.len() > 1 => {
                (workflow, format!("{first} and {} more", recipients.len() - 1))
            }
            (Some(workflow), first) => (workflow, first.unwrap_or_default()),
            (None, _) => ("(another body)".to_owned(), String::new()),
        };
        Self { at_ms, workflow, recipients, verified, headers, body }
    }

    /// Returns the time of the day of its arrival, in UTC.
    pub fn time(&self) -> String {
        time::write_ms(self.at_ms).chars().skip(11).take(8).collect()
    }

    /// Returns whether the signature was verified, in words.
    pub fn verdict(&self) -> String {
        match self.verified {
            Ok(()) => "signature verified".to_owned(),
            Err(reason) => format!("signature NOT verified: {reason}"),
        }
    }

    /// Returns a line for the terminal.
    pub fn line(&self) -> String {
        format!(
            "{}  delivery  {:<22}  {:<16}  {:>6} bytes  {}",
            self.time(),
            printable(&self.workflow),
            printable(&self.recipients),
            self.body.len(),
            self.verdict()
        )
    }
}

/// Cuts a text, and replaces what could command a terminal.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let cut: String = text.chars().take(MAX_CHARS).map(shown).collect();
    if text.chars().nth(MAX_CHARS).is_some() { cut + "…" } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(body: &'static str) -> String {
        let verifier = Verifier::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        Received::new(1_614_265_330_000, &HeaderMap::new(), Bytes::from(body), &verifier).line()
    }

    #[test]
    fn a_line_is_short_aligned_and_commands_no_terminal() {
        insta::assert_snapshot!(
            line(r#"{"data":{"workflow":"order-confirmation","recipients":[{"id":"u_42"}]}}"#),
            @"15:02:10  delivery  order-confirmation      u_42                  71 bytes  signature NOT verified: there is no webhook-signature"
        );
        insta::assert_snapshot!(
            line(r#"{"data":{"workflow":"\u001b[2J","recipients":[{"id":"u_7"},{"id":"u_42"}]}}"#),
            @"15:02:10  delivery  �[2J                    u_7 and 1 more        75 bytes  signature NOT verified: there is no webhook-signature"
        );
        assert!(line("\u{1}").contains("(another body)"));
        assert!(printable(&"x".repeat(41)).ends_with("x…"));
    }
}
