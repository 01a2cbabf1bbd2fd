//! Signing test requests as the platform does.

use std::borrow::Cow;

use super::{
    Encoding, Sent, Signature, SignedTemplate, Target, Template, header::Claim, header::SignedAt, key::BadSecret,
};
use crate::contract::Field;

/// A request to sign.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// The header for the credential that the operator named; the template's if there is none.
    pub credential_header: Option<&'a str>,
    /// The method in upper case.
    pub method: &'a str,
    /// The other headers of the request, names in lower case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The delivery's id, where the platform signs one.
    pub id: &'a str,
    /// The time of sending, in milliseconds since 1970.
    pub at_ms: i64,
    /// The address that the request is sent to.
    pub target: Target<'a>,
    /// The plugin's own settings, a JSON object.
    pub options: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The reason why a request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// No key can be made from the secret.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// The request holds nothing that the templates sign.
    #[error("nothing of what the platform signs ({signed}) is in this request; send another body")]
    Nothing {
        /// The templates.
        signed: String,
    },
    /// Only the platform can sign so, or the credential is in no header.
    #[error("{0}")]
    NotHere(&'static str),
}

const TOKEN: &str = "the platform signs with a JSON Web Token, which is not made here; send a request without a signature, or let \
                     the platform send one";
const PRIVATE_KEY: &str = "the platform signs with a private key, and the secret here is the public one; send a request \
                           without a signature, or let the platform send one";
const NO_HEADER: &str = "the platform writes its signature or its time into the query or the body, and only headers are \
                         written here; send a request without a signature, or let the platform send one";

impl Template {
    /// Returns the headers that prove that the sender holds the secret (for Ed25519: the private key).
    pub fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<Vec<Field>, CannotSign> {
        match self {
            Template::SharedSecret(scheme) => {
                let header = request.credential_header.unwrap_or(&scheme.header);
                Ok(vec![Field::new(header, scheme.credential(secret))])
            }
            Template::Signature(scheme) => scheme.sign(secret, request),
            Template::Jwt(_) => Err(CannotSign::NotHere(TOKEN)),
            // The first one that can.
            Template::AnyOf(scheme) => {
                let mut signed = scheme.any_of.iter().map(|alternative| alternative.sign(secret, request));
                let first = signed.next().unwrap_or(Err(CannotSign::NotHere(NO_HEADER)));
                first.or_else(|error| signed.find_map(Result::ok).ok_or(error))
            }
        }
    }
}

impl Signature {
    fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<Vec<Field>, CannotSign> {
        let ToSign { credential_header, method, headers, id, at_ms, target, options, body } = *request;
        let sent = Sent { method, headers, credential_header, target, options, body, at_ms };
        if self.algorithm.takes_public_key() {
            return Err(CannotSign::NotHere(PRIVATE_KEY));
        }
        let header = self.header.as_deref().map(|own| credential_header.unwrap_or(own));
        let has_place = |timestamp: &super::Timestamp| timestamp.query.is_some() || timestamp.body.is_some();
        let is_elsewhere = self.timestamp.as_ref().is_some_and(has_place)
            || self.id.as_ref().is_some_and(|id| id.header.is_none())
            || self.body_sha256.is_some();
        let header = header.filter(|_| !is_elsewhere).ok_or(CannotSign::NotHere(NO_HEADER))?;
        let timestamp = self.timestamp.as_ref().map(|timestamp| timestamp.unit.write(at_ms));
        let claim = Claim {
            signatures: Vec::new(),
            timestamp: timestamp.as_deref().map(|text| SignedAt { text: Cow::Borrowed(text), at_ms }),
            id: self.id.as_ref().map(|_| Cow::Borrowed(id)),
        };
        let content = self
            .in_the_platforms_order(body)
            .into_iter()
            .find_map(|template| template.content(self, &sent, &claim))
            .ok_or_else(|| CannotSign::Nothing {
                signed: self.signed.iter().map(SignedTemplate::as_str).collect::<Vec<_>>().join(" or "),
            })?;
        let signature = self.signature(secret, &content.parts)?;
        let mut fields = vec![Field::new(header, self.write_header(self.encoding, &signature, timestamp.as_deref()))];
        let name = self.timestamp.as_ref().and_then(|timestamp| timestamp.header.as_deref());
        if let (Some(name), Some(timestamp)) = (name, timestamp) {
            fields.push(Field::new(name, timestamp));
        }
        fields.extend(self.id.iter().filter_map(|id| id.header.as_deref()).map(|name| Field::new(name, id)));
        Ok(fields)
    }

    /// Orders the templates as the platform uses them: for a batch, the partial template, which comes last in `signed`, is
    /// first.
    fn in_the_platforms_order(&self, body: &[u8]) -> Vec<&SignedTemplate> {
        let mut templates: Vec<&SignedTemplate> = self.signed.iter().collect();
        if body.trim_ascii_start().starts_with(b"[") {
            templates.reverse();
        }
        templates
    }

    fn write_header(&self, encoding: Encoding, signature: &[u8], timestamp: Option<&str>) -> String {
        let signature = format!("{}{}", self.prefix, encoding.write(signature));
        let Some(list) = &self.list else { return signature };
        let timestamp = list.timestamp.as_ref().zip(timestamp);
        let timestamp = timestamp.map(|(name, text)| format!("{name}{}{text}{}", list.assign, list.separator));
        format!("{}{}{}{signature}", timestamp.unwrap_or_default(), list.signature, list.assign)
    }
}
