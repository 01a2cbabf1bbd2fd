//! Test vectors of a manifest: requests with a known verdict, checked when a plugin is loaded.

use super::{Covers, Sent, Signature, SignedTemplate, Template, ToSign, Vector, Verdict, header::Claim};

/// A failed check of a manifest's verification template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorError {
    /// A vector has another verdict.
    #[error(
        "verification vector {name:?}: expected {expected}, found {found}; correct the vector or the template in the \
         manifest"
    )]
    Verdict {
        /// The name of the vector.
        name: String,
        /// The verdict in the manifest.
        expected: String,
        /// The verdict of the template.
        found: String,
    },
    /// The template does not verify a request that it signed.
    #[error("verification vector {name:?}: what the template signs with its secret does not verify: {found}")]
    Signing {
        /// The name of the vector.
        name: String,
        /// The cause that was found instead.
        found: String,
    },
    /// The parts of the template contradict each other.
    #[error("verification: {0}")]
    Template(&'static str),
}

impl Template {
    /// Checks that the parts of the template fit together, that every vector has its verdict, and that requests signed by
    /// the template verify.
    pub fn check_vectors(&self) -> Result<(), VectorError> {
        if let Template::Signature(scheme) = self {
            scheme.check().map_err(VectorError::Template)?;
        }
        self.vectors().iter().try_for_each(|vector| self.check_vector(vector))
    }

    fn check_vector(&self, vector: &Vector) -> Result<(), VectorError> {
        let names: Vec<String> = vector.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
        let headers: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(vector.headers.values().map(String::as_bytes)).collect();
        let method = vector.method.as_deref().unwrap_or("POST");
        let sent = Sent {
            method,
            headers: &headers,
            credential_header: self.header(),
            body: vector.body.as_bytes(),
            at_ms: vector.at_ms.unwrap_or(0),
        };
        let signed_at = self.claim(&sent).and_then(|claim| Some(claim.timestamp?.at_ms));
        let sent = Sent { at_ms: vector.at_ms.or(signed_at).unwrap_or(0), ..sent };
        let found = self.verify(&sent, [vector.secret.as_str()]);
        let as_expected = match found.verdict {
            Verdict::Verified(covers) => vector.verified && vector.covers.is_none_or(|expected| expected == covers),
            _ => !vector.verified,
        };
        if !as_expected {
            return Err(VectorError::Verdict {
                name: vector.name.clone(),
                expected: format!("verified = {}, covers = {}", vector.verified, named(vector.covers)),
                found: match found.verdict {
                    Verdict::Verified(covers) => format!("verified = true, covers = {}", named(Some(covers))),
                    _ => format!("verified = false ({})", found.cause),
                },
            });
        }
        if vector.verified { self.check_signing(vector, &sent) } else { Ok(()) }
    }

    /// Signs the vector's request with its own secret and time, and verifies the result.
    fn check_signing(&self, vector: &Vector, sent: &Sent<'_>) -> Result<(), VectorError> {
        let Some(secret) = self.signing_secret(vector) else { return Ok(()) };
        let failed = |found: String| VectorError::Signing { name: vector.name.clone(), found };
        let id = self.claim(sent).and_then(|claim| claim.id).unwrap_or("msg_1");
        let Sent { method, headers, credential_header, body, at_ms } = *sent;
        let own: Vec<&str> = self.headers();
        let others: Vec<(&str, &[u8])> = headers
            .iter()
            .filter(|(name, _)| *name != credential_header && !self.is_written(name) && own.contains(name))
            .copied()
            .collect();
        let request = ToSign { credential_header, method, headers: &others, id, at_ms, body };
        let fields = self.sign(secret, &request).map_err(|error| failed(error.to_string()))?;
        let written = fields.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
        let headers: Vec<(&str, &[u8])> = others.iter().copied().chain(written).collect();
        let again = self.verify(&Sent { headers: &headers, ..*sent }, [vector.secret.as_str()]);
        match again.verdict {
            Verdict::Verified(_) => Ok(()),
            _ => Err(failed(again.cause.to_owned())),
        }
    }

    fn claim<'a>(&self, sent: &Sent<'a>) -> Option<Claim<'a>> {
        match self {
            Template::SharedSecret(_) => None,
            Template::Signature(scheme) => {
                let value = sent.headers.iter().find(|(name, _)| *name == sent.credential_header)?.1;
                scheme.read_claim(sent, value).ok()
            }
        }
    }

    fn signing_secret<'v>(&self, vector: &'v Vector) -> Option<&'v str> {
        match self {
            Template::Signature(scheme) if scheme.algorithm == super::Algorithm::Ed25519 => {
                vector.signing_key.as_deref()
            }
            _ => Some(&vector.secret),
        }
    }

    /// Returns true if signing writes this header.
    fn is_written(&self, name: &str) -> bool {
        let Template::Signature(scheme) = self else { return false };
        let timestamp = scheme.timestamp.as_ref().and_then(|timestamp| timestamp.header.as_deref());
        timestamp == Some(name) || scheme.id.as_ref().is_some_and(|id| id.header == name)
    }
}

impl Signature {
    /// Checks the constraints that the types do not express.
    fn check(&self) -> Result<(), &'static str> {
        let holds = |test: fn(&SignedTemplate) -> bool| self.signed.iter().any(test);
        let in_list = self.list.as_ref().is_some_and(|list| list.timestamp.is_some());
        if self.signed.is_empty() {
            return Err("`signed` is empty; expected a template such as \"{body}\"");
        }
        if self
            .list
            .as_ref()
            .is_some_and(|list| [&list.separator, &list.assign, &list.signature].iter().any(|it| it.is_empty()))
        {
            return Err("`list` needs a separator, an assign and the name of a signature that are not empty");
        }
        match &self.timestamp {
            None if holds(SignedTemplate::holds_timestamp) => {
                Err("`signed` holds {timestamp}, and `timestamp` is missing")
            }
            None if in_list => Err("`list` names a timestamp, and `timestamp` is missing"),
            // An unsigned time proves nothing: the sender of a captured request can write a new one.
            Some(_) if !holds(SignedTemplate::holds_timestamp) => {
                Err("`timestamp` is there, and no `signed` holds {timestamp}: one that is not signed proves nothing")
            }
            Some(timestamp) if timestamp.header.is_some() == in_list => {
                Err("the timestamp is either in a `header` of its own or named in the `list`; give one of them")
            }
            _ if self.id.is_none() && holds(SignedTemplate::holds_id) => {
                Err("`signed` holds {id}, and `id` is missing")
            }
            _ => Ok(()),
        }
    }
}

fn named(covers: Option<Covers>) -> &'static str {
    match covers {
        None => "any",
        Some(Covers::All) => "all",
        Some(Covers::First) => "first",
    }
}
