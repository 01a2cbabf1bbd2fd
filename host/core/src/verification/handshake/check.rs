//! Checking the handshakes of a manifest when its plugin is loaded.

use serde_json::Value;

use super::{Handshake, Source, VerifyToken};
use crate::{
    contract::{MAX_REPLY_HEADERS, is_reply_header_name, is_reply_header_value},
    verification::{Algorithm, Template, place::Place},
};

/// A handshake that a manifest must not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("handshake.{index}{member}: {reason}")]
pub struct BadHandshake {
    /// The index in the manifest.
    pub index: usize,
    /// The member, with a dot before it; empty for all of it.
    pub member: &'static str,
    /// The sentence.
    pub reason: String,
}

/// The most handshakes of a manifest: each is compared with every request.
const MAX_HANDSHAKES: usize = 8;
/// The most conditions of a handshake.
const MAX_CONDITIONS: usize = 8;
/// The longest answer in the manifest, in bytes.
const MAX_ANSWER: usize = 4096;
/// The longest name, value or pointer, in bytes.
const MAX_TEXT: usize = 256;

/// Checks the handshakes of a manifest with these methods and this verification scheme.
pub fn check(handshakes: &[Handshake], methods: &[String], scheme: Option<&Template>) -> Result<(), BadHandshake> {
    for (index, handshake) in handshakes.iter().enumerate() {
        let checked = match index < MAX_HANDSHAKES {
            true => handshake.check(methods, scheme),
            false => Err(("", format!("at most {MAX_HANDSHAKES} handshakes are allowed"))),
        };
        checked.map_err(|(member, reason)| BadHandshake { index, member, reason })?;
    }
    Ok(())
}

type Checked = Result<(), (&'static str, String)>;

fn require(is_right: bool, member: &'static str, reason: &str) -> Checked {
    if is_right { Ok(()) } else { Err((member, reason.to_owned())) }
}

impl Handshake {
    fn check(&self, methods: &[String], scheme: Option<&Template>) -> Checked {
        require(!self.methods.is_empty(), ".methods", "it is empty; expected the methods by which the platform asks")?;
        if let Some(method) = self.methods.iter().find(|method| !methods.contains(method)) {
            return Err((".methods", format!("{method} is not among the manifest's methods; add it there")));
        }
        self.check_conditions()?;
        let of_source = |source: &Source| source.place().is_some_and(is_place);
        require(
            self.challenge.as_ref().is_none_or(of_source),
            ".challenge",
            "expected one of header, query and body, the name in lower case or a JSON Pointer",
        )?;
        if let Some(token) = &self.verify_token {
            require(
                token.place().is_some_and(is_place),
                ".verify_token",
                "expected one of header, query and body, the name in lower case or a JSON Pointer",
            )?;
            let is_one = token.variable.is_none() || token.option.is_none();
            require(is_one, ".verify_token", "it is compared with one value; name a variable or an option")?;
            self.check_token(token, scheme)?;
        }
        self.check_hmac(scheme)?;
        self.check_answer()
    }

    /// Checks what tells a handshake from an event.
    fn check_conditions(&self) -> Checked {
        let count = self.when.places().count();
        require(
            count <= MAX_CONDITIONS,
            ".when",
            "it holds more than 8 values; keep those that tell the handshake apart",
        )?;
        let is_sound = |(place, value): (Place<'_>, &str)| is_place(place) && value.len() <= MAX_TEXT;
        require(
            self.when.places().all(is_sound),
            ".when",
            "expected names in lower case for headers, names for query parameters and JSON Pointers for the body, with texts of at \
             most 256 bytes",
        )?;
        let is_without_body = |method: &String| matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let is_told = count > 0 || self.challenge.is_some() || self.methods.iter().all(is_without_body);
        require(is_told, ".when", "nothing tells it from an event; name a value that only the handshake has")
    }

    fn check_token(&self, token: &VerifyToken, scheme: Option<&Template>) -> Checked {
        let is_secret = token.variable.is_none() && token.option.is_none();
        require(
            !is_secret || scheme.is_some(),
            ".verify_token",
            "it is compared with the signing secret, and the manifest has no verification; name a variable or an option",
        )
    }

    fn check_hmac(&self, scheme: Option<&Template>) -> Checked {
        let Some(hmac) = &self.hmac else {
            return require(!self.names("{hmac}"), ".answer", "it holds {hmac}, and `hmac` is missing");
        };
        let is_hmac = !hmac.algorithm.is_asymmetric();
        require(is_hmac, ".hmac.algorithm", "expected hmac_sha1, hmac_sha256 or hmac_sha512")?;
        require(self.challenge.is_some(), ".challenge", "`hmac` is of the challenge; say where it is")?;
        let is_safe = !self.unsigned || scheme.is_none_or(Template::needs_other_characters);
        require(
            is_safe,
            ".hmac",
            "before verification it would sign events: what the platform signs can consist of letters, digits, _ and - alone; \
             answer it after verification",
        )?;
        let is_public = scheme.is_some_and(Template::takes_public_key);
        require(!is_public, ".hmac", "the signing secret is a public key, so its HMAC proves nothing")?;
        let is_used = self.names("{hmac}");
        require(is_used, ".answer", "it does not hold {hmac}, so leave `hmac` out")
    }

    fn check_answer(&self) -> Checked {
        let answer = &self.answer;
        let is_success = answer.status.is_none_or(|status| matches!(status, 200 | 201 | 204));
        require(is_success, ".answer.status", "expected 200, 201 or 204")?;
        let is_one = answer.text.is_none() || answer.json.is_none();
        require(is_one, ".answer", "it is a `text` or a `json`; name one of them")?;
        let is_empty = answer.text.is_none() && answer.json.is_none();
        require(
            is_empty || answer.status != Some(204),
            ".answer.status",
            "204 has no body; leave `text` and `json` out",
        )?;
        require(
            self.challenge.is_some() || !self.names("{challenge}"),
            ".answer",
            "it holds {challenge}, and `challenge` is missing",
        )?;
        let size = answer.text.as_ref().map_or(0, String::len)
            + answer.json.as_ref().map_or(0, |value| value.to_string().len())
            + answer.headers.values().map(String::len).sum::<usize>();
        require(size <= MAX_ANSWER, ".answer", "it is larger than 4 KiB")?;
        let is_allowed = |(name, value): (&String, &String)| is_reply_header_name(name) && is_reply_header_value(value);
        require(
            answer.headers.len() <= MAX_REPLY_HEADERS && answer.headers.iter().all(is_allowed),
            ".answer.headers",
            "expected at most 4 headers whose names begin with x- or webhook-, in lower case, and are none that browsers or \
             proxies obey (x-content-type-options, x-accel-…, x-sendfile…), each with at most 1 KiB of visible ASCII characters",
        )
    }

    /// Returns true if the answer holds a text.
    fn names(&self, text: &str) -> bool {
        let in_texts = self.answer.text.iter().chain(self.answer.headers.values()).any(|it| it.contains(text));
        in_texts || self.answer.json.as_ref().is_some_and(|value| holds(value, text))
    }
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(it) => it.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        _ => false,
    }
}

fn is_place(place: Place<'_>) -> bool {
    let is_bounded = |text: &str| (1..=MAX_TEXT).contains(&text.len());
    match place {
        Place::Header(name) => is_bounded(name) && !name.contains(char::is_uppercase),
        Place::Query(name) => is_bounded(name),
        Place::Body(pointer) => is_bounded(pointer) && pointer.starts_with('/'),
    }
}

impl Template {
    /// Returns true if no text of only letters, digits, `_` and `-` is what this scheme signs as an event with the secret, so
    /// that its HMAC may be told to anybody.
    pub(super) fn needs_other_characters(&self) -> bool {
        self.alternatives().iter().all(|scheme| match scheme {
            // The HMAC of a text by which the secret itself is the credential tells nothing about it.
            Template::SharedSecret(_) => true,
            Template::Signature(scheme) => match scheme.algorithm {
                Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512 => {
                    scheme.signed.iter().all(|template| template.needs_other_characters())
                }
                _ => true,
            },
            // A dot stands between the parts of a token.
            Template::Jwt(_) => true,
            Template::AnyOf(_) => false,
        })
    }
}
