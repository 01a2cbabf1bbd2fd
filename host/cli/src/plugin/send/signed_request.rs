//! An example of a manifest as a request that its platform would send.

use anyhow::{Context as _, bail};
use inlet_api_types::{providers::ExamplePayload, sources::SourceSettings};
use inlet_core::{
    Uuid,
    verification::{HeaderFamily, Target, Template, ToSign, VerificationHeaders, basic_authorization},
};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use crate::client::{OTHER_VERSION, encoded};

/// Everything that a request is made of but its time.
pub(crate) struct Unsigned<'a> {
    settings: &'a SourceSettings,
    example: &'a ExamplePayload,
    secret: Option<&'a str>,
    scheme: Option<Template>,
}

impl<'a> Unsigned<'a> {
    /// Checks that the secret, if there is one, can sign the source's requests. A source with a write key takes that as its secret.
    pub(crate) fn new(
        settings: &'a SourceSettings,
        example: &'a ExamplePayload,
        secret: Option<&'a str>,
    ) -> anyhow::Result<Self> {
        let scheme = settings.verification_scheme.clone().map(serde_json::from_value::<Template>).transpose();
        let scheme = scheme.context(OTHER_VERSION)?;
        match (&scheme, secret) {
            (_, None) if settings.write_key_set && settings.enforce_verification => eprintln!(
                "note: it is sent without a write key, and the source takes requests with its write key only; give it with \
                 --secret-file"
            ),
            (_, _) if settings.write_key_set => {}
            (None, Some(_)) => bail!("the source's platform has no verification scheme; leave the secret out"),
            (Some(_), None) if settings.enforce_verification => {
                eprintln!(
                    "note: it is sent unsigned, and the source takes signed requests only; sign it with --secret-file"
                );
            }
            _ => {}
        }
        Ok(Self { settings, example, secret, scheme })
    }

    /// Returns true if nothing but the second of sending tells two requests apart: the signature covers a time and no id.
    pub(super) fn differs_by_time_alone(&self) -> bool {
        let signature = match (&self.scheme, self.secret) {
            (Some(Template::Signature(signature)), Some(_)) if !self.settings.write_key_set => signature,
            _ => return false,
        };
        signature.timestamp.is_some() && signature.id.is_none()
    }

    /// Signs the request as sent at `at_ms`, in milliseconds since 1970.
    pub(crate) fn sign(&self, at_ms: i64) -> anyhow::Result<Request<Vec<u8>>> {
        let Self { settings, example, secret, scheme } = self;
        let endpoint = settings.endpoint.as_deref().context(OTHER_VERSION)?;
        let uri = format!("{endpoint}{}{}", example.path, query_string(example));
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let options = settings.options.as_text().to_owned();
        let (mut signed_query, mut body) = (None, example.raw_body.clone().into_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut insert = |name: &str, value: &str| {
            let name: HeaderName = name.parse().with_context(|| format!("{name:?} is no header's name"))?;
            let value: HeaderValue = value.parse().with_context(|| format!("no header {name} can hold its value"))?;
            anyhow::Ok(headers.insert(name, value))
        };
        for (name, value) in &example.headers {
            insert(name, value)?;
        }
        if let Some(key) = secret.filter(|_| settings.write_key_set) {
            insert(header::AUTHORIZATION.as_str(), &basic_authorization(key))?;
        } else if let (Some(scheme), Some(secret)) = (scheme, secret) {
            let names: Vec<String> = example.headers.keys().map(|name| name.to_ascii_lowercase()).collect();
            let values = example.headers.values().map(String::as_bytes);
            let sent: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(values).collect();
            let to_sign = ToSign {
                credential_header: settings.verification_header.as_deref(),
                has_private_key: true,
                method: &example.method,
                headers: &sent,
                id: &format!("msg_{}", Uuid::now_v7().simple()),
                at_ms,
                target: Target { url: Some(&uri), query },
                options: &options,
                body: example.raw_body.as_bytes(),
            };
            let chosen = settings.verification_headers.as_deref().and_then(VerificationHeaders::parse);
            let signed = scheme.sign(secret, &to_sign)?;
            for field in signed.headers {
                insert(HeaderFamily::sent_name(scheme, chosen, &field.name), &field.value)?;
            }
            signed_query = signed.query;
            body = signed.body.unwrap_or(body);
        }
        let uri = match signed_query {
            Some(query) => format!("{}?{query}", uri.split('?').next().unwrap_or(&uri)),
            None => uri,
        };
        let mut request = Request::builder().method(example.method.as_str()).uri(&uri).body(body)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Returns the query parameters of an example with the leading `?`, or nothing.
fn query_string(example: &ExamplePayload) -> String {
    let mut text = String::new();
    for (name, value) in &example.query {
        let separator = if text.is_empty() { '?' } else { '&' };
        text.push_str(&format!("{separator}{}={}", encoded(name), encoded(value)));
    }
    text
}
