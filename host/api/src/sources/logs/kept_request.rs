//! The whole request of a log entry, where it is kept.

use inlet_api_types::{refused_requests::NamedValue, traces::TracedRequest};
use inlet_core::{Uuid, contract::Field};
use inlet_engine::{Engine, ingest::stored_fields::read_fields, snapshot::Endpoint};
use inlet_store::KeptRequestHead;

use crate::error::ApiError;

/// The most bytes of a body that are returned.
const MAX_BODY_BYTES: u32 = 256 << 10;

/// Returns the request of an item; none if it is not kept, and where its values are hidden.
pub async fn of_event(engine: &Engine, endpoint: &Endpoint, event: Uuid) -> Result<Option<TracedRequest>, ApiError> {
    // The request was stored with the paths of then. Those of now hold for what was stored before, too.
    let redacts = !endpoint.redact_paths.is_empty() || !endpoint.settings.redact_paths.is_empty();
    if endpoint.hides_personal_data || redacts {
        return Ok(None);
    }
    let attention = engine.store.attention(endpoint.id, event).await?;
    let Some(id) = attention.and_then(|attention| attention.origin.request_id) else { return Ok(None) };
    let head = engine.store.kept_request_head(endpoint.id, id, MAX_BODY_BYTES).await?;
    Ok(head.map(|head| traced(head, &endpoint.credential_headers().collect::<Vec<_>>())))
}

/// `credentials` are the headers that hold a secret now: they may have held none when the request came.
fn traced(head: KeptRequestHead, credentials: &[&str]) -> TracedRequest {
    let KeptRequestHead { request, body_size } = head;
    let named = |Field { name, value }: Field| NamedValue { name, value };
    let headers = read_fields(&request.headers).into_iter();
    let headers = headers.filter(|header| !credentials.contains(&header.name.as_str()));
    let read = request.body.as_ref().map_or(0, |body| body.len() as u64);
    let body_is_cut = body_size.is_some_and(|size| size > read);
    TracedRequest {
        method: request.method,
        path: request.path,
        query: read_fields(&request.query).into_iter().map(named).collect(),
        headers: headers.map(named).collect(),
        body: request.body.and_then(|body| text(&body, body_is_cut)),
        body_size,
        body_is_cut,
    }
}

/// Returns a body as text, without the part of a character at which it was cut; none if it is not text.
fn text(body: &[u8], is_cut: bool) -> Option<String> {
    let whole = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&body[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    Some(whole.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_cut_ends_with_a_whole_character() {
        assert_eq!(text("a✓".as_bytes(), false).as_deref(), Some("a✓"));
        assert_eq!(text(&"a✓".as_bytes()[..2], true).as_deref(), Some("a"));
        assert_eq!(text(&"a✓".as_bytes()[..2], false), None);
        assert_eq!(text(b"a\xff b", true), None);
    }
}
