//! The HTTP agent behind all requests of the command line.

use std::time::Duration;

use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// A request's time limit: adding a plugin compiles it, and comparing two translates hundreds of requests.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Returns an agent that verifies certificates as the operating system does. A redirect beyond `max_redirects` is
/// returned as a response.
pub(super) fn agent(https_only: bool, max_redirects: u32) -> Agent {
    with_timeout(https_only, max_redirects, Some(TIMEOUT))
}

/// Returns an agent for answers that go on for ever. Whoever reads them notices when nothing comes any more.
pub(super) fn streaming_agent() -> Agent {
    with_timeout(false, 0, None)
}

fn with_timeout(https_only: bool, max_redirects: u32, timeout: Option<Duration>) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .https_only(https_only)
        .max_redirects(max_redirects)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(timeout)
        .user_agent(concat!("inlet/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Returns true if plain http to this URL does not leave the machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let Some(uri) = url.parse::<ureq::http::Uri>().ok().filter(|uri| uri.scheme_str() == Some("http")) else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_to_this_machine_is_loopback() {
        for url in ["http://localhost:8080/a.wasm", "http://127.0.0.1/a", "http://[::1]:1/a"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["http://example.com/a", "http://localhost.example.com/", "ftp://localhost/", "http://127.0.0.1@e.com/"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
