//! Webhooks posted to a source's endpoint, as a platform posts them.

use anyhow::Context as _;
use ureq::http::Request;

use super::{MAX_RESPONSE_BYTES, agent::agent};

/// Posts a webhook and returns the response's status and body.
pub fn post_webhook(request: Request<Vec<u8>>) -> anyhow::Result<(u16, String)> {
    let url = request.uri().to_string();
    let response = agent(false, 0).run(request);
    // Errors name the host alone: the path holds the endpoint's token.
    let host = url.split('/').nth(2).unwrap_or_default();
    let mut response =
        response.with_context(|| format!("nothing answers at {host}, where the source's endpoint is"))?;
    let read = response.body_mut().with_config().limit(MAX_RESPONSE_BYTES).lossy_utf8(true).read_to_string();
    Ok((response.status().as_u16(), read.with_context(|| format!("the answer of {host} broke off"))?))
}
