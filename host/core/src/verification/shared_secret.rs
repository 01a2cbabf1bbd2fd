//! Comparing shared secrets.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{BadSecret, SecretEncoding, SharedSecret};

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
