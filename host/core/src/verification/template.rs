//! The verification scheme of a platform, as its plugin's manifest describes it.

use serde::{Deserialize, Serialize};

use super::{
    AnyOf, BodyHash, Id, Jwt, SecretEncoding, SharedSecret, Signature, SignedTemplate, Timestamp, Vector, place::Place,
};

/// The verification scheme of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Template {
    /// The header holds the secret itself.
    SharedSecret(SharedSecret),
    /// The request holds a signature of itself.
    Signature(Box<Signature>),
    /// The request holds a JSON Web Token.
    Jwt(Box<Jwt>),
    /// The request holds what one of several schemes expects.
    AnyOf(AnyOf),
}

/// A scheme as manifests write it. `bearer` and `basic` are shared secrets in the header `authorization`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
enum Written {
    SharedSecret(SharedSecret),
    Bearer(Authorization),
    Basic(Authorization),
    #[serde(alias = "hmac")]
    Signature(Box<Signature>),
    Jwt(Box<Jwt>),
    AnyOf(AnyOf),
}

/// A scheme of HTTP authentication. Its secret is the token or, for `basic`, `name:password`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorization {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vectors: Vec<Vector>,
}

impl From<Written> for Template {
    fn from(written: Written) -> Self {
        let authorization = |prefix: &str, encoding, it: Authorization| {
            let (header, prefix) = ("authorization".to_owned(), prefix.to_owned());
            Self::SharedSecret(SharedSecret { header, prefix, encoding, vectors: it.vectors })
        };
        match written {
            Written::SharedSecret(scheme) => Self::SharedSecret(scheme),
            Written::Bearer(scheme) => authorization("Bearer ", SecretEncoding::Plain, scheme),
            Written::Basic(scheme) => authorization("Basic ", SecretEncoding::Base64, scheme),
            Written::Signature(scheme) => Self::Signature(scheme),
            Written::Jwt(scheme) => Self::Jwt(scheme),
            Written::AnyOf(scheme) => Self::AnyOf(scheme),
        }
    }
}

impl From<Template> for Written {
    fn from(template: Template) -> Self {
        match template {
            Template::SharedSecret(scheme) => Self::SharedSecret(scheme),
            Template::Signature(scheme) => Self::Signature(scheme),
            Template::Jwt(scheme) => Self::Jwt(scheme),
            Template::AnyOf(scheme) => Self::AnyOf(scheme),
        }
    }
}

impl Template {
    /// Returns the header that holds the credential unless the operator named another, in lower case. None if the credential
    /// is in the query or in the body, or in one of several headers.
    pub fn header(&self) -> Option<&str> {
        match self {
            Template::SharedSecret(scheme) => Some(&scheme.header),
            Template::Signature(scheme) => scheme.header.as_deref(),
            Template::Jwt(scheme) => scheme.header.as_deref(),
            Template::AnyOf(_) => None,
        }
    }

    /// Returns the schemes of which one verifies a request: itself, or its alternatives.
    pub fn alternatives(&self) -> &[Template] {
        match self {
            Template::AnyOf(scheme) => &scheme.any_of,
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns every header that may hold a credential unless the operator named another, in lower case.
    pub fn credential_headers(&self) -> impl Iterator<Item = &str> + Clone {
        self.alternatives().iter().filter_map(Template::header)
    }

    /// Returns the headers that verification reads besides the one of [`Template::header`], each once, in lower case.
    pub fn headers(&self) -> Vec<&str> {
        let mut headers = Vec::new();
        for name in self.alternatives().iter().flat_map(Template::named_headers) {
            // A header that is read twice would look like one that was sent twice.
            if self.header() != Some(name) && !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }

    /// Returns the headers that one scheme names, the credential's last.
    fn named_headers(&self) -> Vec<&str> {
        let Template::Signature(scheme) = self else { return self.header().into_iter().collect() };
        let timestamp = scheme.timestamp.as_ref().and_then(Timestamp::place);
        let id = scheme.id.as_ref().and_then(Id::place);
        let hash = scheme.body_sha256.as_ref().and_then(BodyHash::place);
        let places = [timestamp, id, hash].into_iter().flatten().filter_map(Place::header);
        places.chain(scheme.signed.iter().flat_map(SignedTemplate::headers)).chain(scheme.header.as_deref()).collect()
    }

    /// Returns the query parameters that hold a signature, decoded.
    pub fn signature_parameters(&self) -> impl Iterator<Item = &str> {
        self.alternatives().iter().filter_map(|scheme| match scheme {
            Template::Signature(scheme) => scheme.query.as_deref(),
            _ => None,
        })
    }

    /// Returns the query parameters that hold a token, which is a credential by itself, decoded.
    pub fn token_parameters(&self) -> impl Iterator<Item = &str> {
        self.alternatives().iter().filter_map(|scheme| match scheme {
            Template::Jwt(scheme) => scheme.query.as_deref(),
            _ => None,
        })
    }

    /// Returns the scheme without its test vectors and those of its alternatives.
    pub fn without_vectors(&self) -> Self {
        let mut scheme = self.clone();
        match &mut scheme {
            Template::SharedSecret(scheme) => scheme.vectors.clear(),
            Template::Signature(scheme) => scheme.vectors.clear(),
            Template::Jwt(scheme) => scheme.vectors.clear(),
            Template::AnyOf(scheme) => {
                scheme.vectors.clear();
                scheme.any_of.iter_mut().for_each(|alternative| *alternative = alternative.without_vectors());
            }
        }
        scheme
    }

    /// Returns true if verification needs the address that senders were given.
    pub fn reads_address(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.signed.iter().any(SignedTemplate::holds_address),
            _ => false,
        })
    }

    /// Returns true if verification reads the query.
    pub fn reads_query(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.reads_query(),
            Template::Jwt(scheme) => scheme.query.is_some(),
            _ => false,
        })
    }

    /// Returns true if a request has the credential as far as its headers show. What is elsewhere may be there.
    pub fn has_credential(&self, has_header: impl Fn(&str) -> bool) -> bool {
        self.alternatives().iter().any(|scheme| scheme.header().is_none_or(&has_header))
    }

    /// Returns true if the secret is a key that may be public, and is larger than other secrets.
    pub fn takes_public_key(&self) -> bool {
        self.alternatives().iter().any(|scheme| match scheme {
            Template::Signature(scheme) => scheme.algorithm.takes_public_key(),
            Template::Jwt(scheme) => scheme.algorithm.takes_public_key(),
            _ => false,
        })
    }

    /// Returns the test vectors.
    pub fn vectors(&self) -> &[Vector] {
        match self {
            Template::SharedSecret(scheme) => &scheme.vectors,
            Template::Signature(scheme) => &scheme.vectors,
            Template::Jwt(scheme) => &scheme.vectors,
            Template::AnyOf(scheme) => &scheme.vectors,
        }
    }
}
