//! Reading the headers of a Standard Webhooks signature under their other names, where the operator chose so.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName};
use inlet_core::verification::HeaderFamily;

use crate::snapshot::Endpoint;

/// Returns the headers of a request with those of the signature under the names that the scheme and the plugin read.
pub(super) fn under_own_names<'h>(endpoint: &Endpoint, headers: &'h HeaderMap) -> Cow<'h, HeaderMap> {
    let Some(family) = read_in_other(endpoint, headers) else { return Cow::Borrowed(headers) };
    let mut renamed = headers.clone();
    for (own, other) in family.headers().into_iter().zip(family.other().headers()) {
        let own = HeaderName::from_static(own);
        renamed.remove(&own);
        for value in headers.get_all(other) {
            renamed.append(own.clone(), value.clone());
        }
        renamed.remove(other);
    }
    Cow::Owned(renamed)
}

/// Returns true if the request has the header of its credential.
pub(super) fn has_credential(endpoint: &Endpoint, headers: &HeaderMap, name: &str) -> bool {
    match read_in_other(endpoint, headers) {
        Some(family) => headers.contains_key(family.other().signature()),
        None => headers.contains_key(name),
    }
}

/// Returns the scheme's family if the headers of this request are read in the other one.
fn read_in_other(endpoint: &Endpoint, headers: &HeaderMap) -> Option<HeaderFamily> {
    let chosen = endpoint.settings.verification_headers;
    let family = HeaderFamily::of(endpoint.scheme.as_ref()?)?;
    family.is_read_in_other(chosen, |name| headers.contains_key(name)).then_some(family)
}
