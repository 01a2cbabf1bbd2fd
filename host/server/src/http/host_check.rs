//! The check of the `Host` header of the management API.
//!
//! A page of a browser can let its own name lead to this server (DNS rebinding), and then reads what the server answers. The
//! name in `Host` is then the page's, so only known names are answered.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, Uri, header::HOST, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use inlet_api_types::ErrorBody;

use crate::config::Config;

/// The names by which the management API is answered, beside addresses and names of this machine.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    names: Arc<[String]>,
    any: bool,
}

impl AllowedHosts {
    /// Returns the host of `public_url` and those of `allowed_hosts`. `*` allows every name.
    pub fn of(config: &Config) -> Self {
        let public = config.public_url.as_ref().and_then(|url| url.parse::<Uri>().ok()?.host().map(str::to_owned));
        let names = public.into_iter().chain(config.allowed_hosts.iter().cloned());
        let names = names.map(|name| name.to_ascii_lowercase()).collect();
        Self { names, any: config.allowed_hosts.iter().any(|name| name == "*") }
    }

    fn allow(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        self.any || is_address || is_local(host) || self.names.iter().any(|name| name == host)
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Answers 421 if the request names another host. A request without a host is not a browser's.
pub async fn check(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    match refused_host(&allowed, &request) {
        None => next.run(request).await,
        Some(host) => {
            let message = format!(
                "the request names the host {host:?}, and the management API is answered for addresses, localhost, the host of \
                 public_url and allowed_hosts; add the name to allowed_hosts if it is meant for this server"
            );
            let body = ErrorBody { code: "unknown_host".to_owned(), message, field: None };
            (StatusCode::MISDIRECTED_REQUEST, Json(body)).into_response()
        }
    }
}

/// Returns the host of a request that is not allowed.
pub fn refused_host(allowed: &AllowedHosts, request: &Request) -> Option<String> {
    let named = request.headers().get_all(HOST).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        text.parse::<Authority>().map(|authority| authority.host().to_owned()).unwrap_or(text)
    });
    named.chain(request.uri().host().map(str::to_owned)).find(|host| !allowed.allow(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_answered(allowed: &AllowedHosts, host: &str) -> bool {
        let request = Request::builder().uri("/v1/sources").header(HOST, host).body(axum::body::Body::empty()).unwrap();
        refused_host(allowed, &request).is_none()
    }

    #[test]
    fn addresses_local_names_and_configured_names_are_answered() {
        let config = Config {
            public_url: Some("https://Hooks.example.com:8443/base".to_owned()),
            allowed_hosts: vec!["inlet.internal".to_owned()],
            ..Config::default()
        };
        let allowed = AllowedHosts::of(&config);
        for host in [
            "127.0.0.1:8080",
            "10.0.0.7",
            "[::1]:8081",
            "[fe80::1]",
            "localhost",
            "LOCALHOST:8080",
            "inlet.localhost:1",
            "hooks.example.com",
            "HOOKS.example.com.:443",
            "inlet.internal:8081",
        ] {
            assert!(is_answered(&allowed, host), "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "a b", ""]
        {
            assert!(!is_answered(&allowed, host), "{host}");
        }
        let every = AllowedHosts::of(&Config { allowed_hosts: vec!["*".to_owned()], ..Config::default() });
        assert!(is_answered(&every, "evil.example"));
    }

    #[test]
    fn every_host_that_a_request_names_counts() {
        let allowed = AllowedHosts::of(&Config::default());
        let named = |uri: &str, host: Option<&str>| {
            let request = Request::builder().uri(uri);
            let request = match host {
                Some(host) => request.header(HOST, host),
                None => request,
            };
            refused_host(&allowed, &request.body(axum::body::Body::empty()).unwrap())
        };
        assert_eq!(named("/v1/sources", None), None);
        assert_eq!(named("http://evil.example/v1/sources", Some("localhost")).as_deref(), Some("evil.example"));
        assert_eq!(named("http://localhost/v1/sources", Some("evil.example")).as_deref(), Some("evil.example"));
    }
}
