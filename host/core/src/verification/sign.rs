//! Signing test requests as the platform does.

use super::{Encoding, Sent, Signature, SignedTemplate, Template, header::Claim, header::SignedAt, key::BadSecret};
use crate::contract::Field;

/// A request to sign.
#[derive(Debug, Clone, Copy)]
pub struct ToSign<'a> {
    /// The header for the credential: the template's, or the one that the operator named.
    pub credential_header: &'a str,
    /// The method in upper case.
    pub method: &'a str,
    /// The other headers of the request, names in lower case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The delivery's id, where the platform signs one.
    pub id: &'a str,
    /// The time of sending, in milliseconds since 1970.
    pub at_ms: i64,
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
}

impl Template {
    /// Returns the headers that prove that the sender holds the secret (for Ed25519: the private key).
    pub fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<Vec<Field>, CannotSign> {
        match self {
            Template::SharedSecret(scheme) => {
                Ok(vec![Field::new(request.credential_header, format!("{}{secret}", scheme.prefix))])
            }
            Template::Signature(scheme) => scheme.sign(secret, request),
        }
    }
}

impl Signature {
    fn sign(&self, secret: &str, request: &ToSign<'_>) -> Result<Vec<Field>, CannotSign> {
        let ToSign { credential_header, method, headers, id, at_ms, body } = *request;
        let sent = Sent { method, headers, credential_header, body, at_ms };
        let timestamp = self.timestamp.as_ref().map(|timestamp| timestamp.unit.write(at_ms));
        let claim = Claim {
            signatures: Vec::new(),
            timestamp: timestamp.as_deref().map(|text| SignedAt { text, at_ms }),
            id: self.id.as_ref().map(|_| id),
        };
        let content = self
            .in_the_platforms_order(body)
            .into_iter()
            .find_map(|template| template.content(&sent, &claim))
            .ok_or_else(|| CannotSign::Nothing {
                signed: self.signed.iter().map(SignedTemplate::as_str).collect::<Vec<_>>().join(" or "),
            })?;
        let signature = self.signature(secret, &content.parts)?;
        let mut fields =
            vec![Field::new(credential_header, self.write_header(self.encoding, &signature, timestamp.as_deref()))];
        let header = self.timestamp.as_ref().and_then(|timestamp| timestamp.header.as_deref());
        if let (Some(name), Some(timestamp)) = (header, timestamp) {
            fields.push(Field::new(name, timestamp));
        }
        fields.extend(self.id.iter().map(|name| Field::new(name.header.as_str(), id)));
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
