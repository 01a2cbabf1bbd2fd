//! A request to rehearse, as its sender would send it.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
};
use inlet_core::verification::{CannotSign, HeaderFamily, ToSign, basic_authorization};

use crate::{
    Engine,
    clock::now_ms,
    ingest::{body::ReadBody, incoming_request::SentTarget},
    snapshot::{Endpoint, new_id},
};

/// A request to rehearse, as its sender would send it.
pub struct SampleRequest {
    /// The method, in upper case.
    pub method: String,
    /// The path behind the endpoint's token.
    pub path: String,
    /// The query of the URL, without the question mark.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, inflated.
    pub body: String,
    /// The time of arrival, in milliseconds since 1970. `None`: now.
    pub received_at_ms: Option<i64>,
}

/// The reason why a request cannot be signed as its sender would sign it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// The platform does not sign its requests.
    #[error("the source's platform has no verification scheme; leave it out")]
    NoScheme,
    /// The source has no signing secret.
    #[error("the source has no signing secret in this environment; set signing_secret first, or leave it out")]
    NoSecret,
    /// The scheme signs a part that this request does not have, or the secret does not fit the scheme.
    #[error(transparent)]
    Scheme(#[from] CannotSign),
    /// The header cannot hold the signature.
    #[error("the credential cannot be put into its header; check verification_header and signing_secret")]
    Header,
}

impl SampleRequest {
    /// Signs the request with the source environment's secret, or gives it the write key, as its sender would.
    pub fn sign(&mut self, engine: &Engine, endpoint: &Endpoint) -> Result<(), Unsignable> {
        if let Some(key) = &endpoint.record.write_keys.current {
            let value = HeaderValue::from_str(&basic_authorization(key)).map_err(|_| Unsignable::Header)?;
            self.headers.insert(AUTHORIZATION, value);
            return Ok(());
        }
        let scheme = endpoint.scheme.as_ref().ok_or(Unsignable::NoScheme)?;
        let secret = endpoint.record.signing_secret.as_deref().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or(Unsignable::NoSecret)?;
        let body = self.body();
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let target = self.target(engine, endpoint);
        let request = ToSign {
            credential_header: endpoint.credential_header.as_deref(),
            has_private_key: false,
            method: &self.method,
            headers: &headers,
            id: &format!("msg_{}", new_id().simple()),
            at_ms: self.received_at_ms.unwrap_or_else(now_ms),
            target: target.as_deref().map(SentTarget::as_target).unwrap_or_default(),
            options: &endpoint.options,
            body: body.body.as_bytes(),
        };
        let signed = scheme.sign(secret, &request)?;
        for field in signed.headers {
            let name = HeaderFamily::sent_name(scheme, endpoint.settings.verification_headers, &field.name);
            let name: HeaderName = name.parse().map_err(|_| Unsignable::Header)?;
            let value = HeaderValue::from_str(&field.value).map_err(|_| Unsignable::Header)?;
            self.headers.insert(name, value);
        }
        if let Some(query) = signed.query {
            self.query = query;
        }
        if let Some(body) = signed.body {
            self.body = String::from_utf8(body).map_err(|_| Unsignable::Header)?;
        }
        Ok(())
    }

    /// Returns the address, where verification reads any of it.
    pub(super) fn target(&self, engine: &Engine, endpoint: &Endpoint) -> Option<Box<SentTarget>> {
        let public_url = engine.options.public_url.as_deref();
        let target = || SentTarget::new(public_url, &endpoint.record.token, &self.path, &self.query);
        endpoint.reads_target.then(|| Box::new(target()))
    }

    /// Returns the body as it is after receiving.
    pub(super) fn body(&self) -> ReadBody {
        ReadBody::of(Bytes::from(self.body.clone()))
    }
}
