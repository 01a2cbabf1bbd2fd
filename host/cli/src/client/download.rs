//! Downloads of plugins.

use anyhow::{Context as _, bail};

use super::agent::{agent, is_loopback};

/// Redirects that a download follows.
const MAX_REDIRECTS: u32 = 5;

/// Downloads a file of at most `max_bytes`. Only https is allowed, and plain http from this machine.
pub fn download(url: &str, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    let is_https = url.starts_with("https://");
    if !is_https && !is_loopback(url) {
        bail!(
            "{url} is not fetched over http, on whose way anybody may change it; expected a URL that begins with https://"
        );
    }
    let agent = agent(is_https, if is_https { MAX_REDIRECTS } else { 0 });
    let mut response = agent.get(url).call().with_context(|| format!("cannot fetch {url}"))?;
    let status = response.status();
    if !status.is_success() {
        bail!("{url} answered {status}; expected 200 and a plugin");
    }
    let media_type = response.body().mime_type().unwrap_or_default().to_owned();
    if media_type.starts_with("text/") {
        bail!("{url} gave {media_type}, a page for people; expected a plugin: look for the link to the file itself");
    }
    // A byte beyond the limit tells a file that is too large from one that fits exactly.
    let limit = max_bytes as u64 + 1;
    let too_large = || format!("{url} is larger than {max_bytes} bytes, the most that a plugin may have");
    if response.body().content_length().is_some_and(|length| length >= limit) {
        bail!(too_large());
    }
    match response.body_mut().with_config().limit(limit).read_to_vec() {
        Ok(bytes) if bytes.len() as u64 >= limit => bail!(too_large()),
        Err(ureq::Error::BodyExceedsLimit(_)) => bail!(too_large()),
        read => read.with_context(|| format!("cannot fetch {url} to its end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_from_another_machine_is_refused() {
        insta::assert_snapshot!(download("http://example.com/a.wasm", 1).unwrap_err(), @"http://example.com/a.wasm is not fetched over http, on whose way anybody may change it; expected a URL that begins with https://");
    }
}
