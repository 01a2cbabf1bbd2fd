//! The scheme of a platform that sends the secret itself, and comparing what it sends.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{BadSecret, Vector};

/// A scheme in which the header holds the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedSecret {
    /// The header in lower case, for example `x-webhook-secret`. The operator's `verification_header` wins.
    pub header: String,
    /// The prefix of the secret in the header, for example `Bearer `.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The form of the secret in the header.
    #[serde(default, skip_serializing_if = "SecretEncoding::is_plain")]
    pub encoding: SecretEncoding,
    /// Test vectors, checked when the plugin is loaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
}

/// The form in which a shared secret is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretEncoding {
    /// The secret as it is.
    #[default]
    Plain,
    /// Its base64 text, padded, as HTTP Basic sends `name:password`.
    Base64,
}

impl SecretEncoding {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

impl SharedSecret {
    /// Returns the form in which credentials are compared. The name of an authentication scheme (`Bearer`) has no case, and
    /// several spaces may follow it (RFC 9110 §11.1 and §11.4); everything else counts as it is.
    pub fn comparable<'v>(&self, header: &str, value: &'v [u8]) -> Cow<'v, [u8]> {
        let has_scheme = self.prefix.ends_with(' ') || header == "authorization";
        let Some(space) = value.iter().position(|byte| *byte == b' ').filter(|_| has_scheme) else {
            return Cow::Borrowed(value);
        };
        let (scheme, rest) = value.split_at(space);
        let is_scheme = !scheme.is_empty() && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let rest = rest.trim_ascii_start();
        if !is_scheme || rest.is_empty() {
            return Cow::Borrowed(value);
        }
        let mut comparable = scheme.to_ascii_lowercase();
        comparable.push(b' ');
        comparable.extend_from_slice(rest);
        Cow::Owned(comparable)
    }

    /// Returns a secret that was pasted with the name of the authentication scheme, as it stands in a header, without it.
    pub fn without_prefix<'s>(&self, secret: &'s str) -> Option<&'s str> {
        let prefix = secret.get(..self.prefix.len()).filter(|_| self.prefix.ends_with(' '))?;
        let bare = secret.get(self.prefix.len()..)?.trim_start();
        (prefix.eq_ignore_ascii_case(&self.prefix) && !bare.is_empty()).then_some(bare)
    }

    /// Checks that a sender can send the secret: with HTTP Basic it is a name and a password.
    pub(super) fn check_secret(&self, secret: &str) -> Result<(), BadSecret> {
        match self.encoding == SecretEncoding::Base64 && !secret.contains(':') {
            true => Err(BadSecret { expected: "a name and a password, as name:password".to_owned() }),
            false => Ok(()),
        }
    }

    /// Returns the credential that a sender with this secret sends.
    pub fn credential(&self, secret: &str) -> String {
        match self.encoding {
            SecretEncoding::Plain => format!("{}{secret}", self.prefix),
            SecretEncoding::Base64 => format!("{}{}", self.prefix, STANDARD.encode(secret)),
        }
    }

    /// Returns the comparable form of the credential that a sender with this secret sends.
    pub fn expected(&self, header: &str, secret: &str) -> Vec<u8> {
        self.comparable(header, self.credential(secret).as_bytes()).into_owned()
    }
}
