//! A running server as the command line sees it, and files that lie on the web.
//!
//! What the server refuses, it says in a sentence, and that is what is printed.

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, header},
    tls::{RootCerts, TlsConfig},
};

use crate::{
    DEFAULT_DATA_DIR,
    token_file::{FILE, read_secret},
};

/// A token for the management API.
const TOKEN_VARIABLE: &str = "INLET_TOKEN";

/// Adding compiles, and comparing translates hundreds of requests.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The longest answer that is read: a log entry with a request of 32 MiB in it, escaped.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// Which server, and as whom.
#[derive(Debug, clap::Args)]
pub struct ServerArguments {
    /// The server's management address
    #[arg(long, value_name = "URL", env = "INLET_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// The file of a management token, unless INLET_TOKEN holds one [default: <data-dir>/management-token]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The server's data directory, where its own token is [default: inlet-data]
    #[arg(long, value_name = "DIR", env = "INLET_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

/// A client of a server's management API.
pub struct Client {
    agent: Agent,
    base: String,
    token: String,
}

/// How the server says that it did not do something.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// For programs, for example `conflict`.
    pub code: String,
    /// For people.
    pub message: String,
    /// What it is about.
    pub field: Option<String>,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl ServerArguments {
    /// The client; asks nothing yet.
    pub fn client(&self) -> anyhow::Result<Client> {
        let base = self.server.trim_end_matches('/').to_owned();
        ensure!(
            base.starts_with("http://") || base.starts_with("https://"),
            "--server is {base:?}; expected a URL such as https://inlet.example.com"
        );
        if !base.starts_with("https://") && !is_of_this_machine(&base) {
            eprintln!("note: the token goes to {base} in clear text; a server on another machine wants https://");
        }
        Ok(Client { agent: agent(false, 0), base, token: self.token()? })
    }

    fn token(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.token_file {
            let token = read_secret(file)?;
            return token.with_context(|| format!("there is no token in {}; correct --token-file", file.display()));
        }
        if let Some(token) = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.trim().is_empty()) {
            return Ok(token.trim().to_owned());
        }
        let file = self.data_dir.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR)).join(FILE);
        read_secret(&file)?.with_context(|| {
            format!(
                "there is no management token: {} does not hold one; set {TOKEN_VARIABLE}, or name a file with \
                 --token-file",
                file.display()
            )
        })
    }
}

fn agent(https_only: bool, redirects: u32) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .https_only(https_only)
        .max_redirects(redirects)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("inlet/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// What is sent along.
pub enum Content<'a> {
    /// Nothing.
    None,
    /// A JSON text.
    Json(String),
    /// A component.
    Wasm(&'a [u8]),
}

/// One segment of a path, or a value of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Client {
    /// Asks for something.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(Method::GET, path, Content::None)
    }

    /// Asks for something, and reads the answer.
    pub fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, content: Content<'_>) -> anyhow::Result<T> {
        let text = self.text(method, path, content)?;
        serde_json::from_str(&text).with_context(|| {
            format!("what answers at {} is no Inlet server, or one of another version; check --server", self.base)
        })
    }

    /// Asks for something whose answer does not matter.
    pub fn text(&self, method: Method, path: &str, content: Content<'_>) -> anyhow::Result<String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let malformed = || format!("--server is {:?}, which is no URL", self.base);
        let response = match content {
            Content::None => self.agent.run(request.body(()).with_context(malformed)?),
            Content::Json(text) => {
                let request = request.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(request.body(text).with_context(malformed)?)
            }
            Content::Wasm(bytes) => {
                let request = request.header(header::CONTENT_TYPE, "application/wasm");
                self.agent.run(request.body(bytes).with_context(malformed)?)
            }
        };
        self.answer(response.with_context(|| {
            format!("no server answers at {}; start one with `inlet serve`, or name another with --server", self.base)
        })?)
    }

    /// The body of an answer that says that it was done.
    fn answer(&self, mut response: Response<Body>) -> anyhow::Result<String> {
        let status = response.status();
        let read = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
        let text = read.with_context(|| format!("the answer of {} broke off", self.base))?;
        if status.is_success() {
            return Ok(text);
        }
        Err(match serde_json::from_str::<Refusal>(&text) {
            Ok(refusal) => anyhow::Error::new(refusal),
            Err(_) => anyhow!("{} answered {status} and is no Inlet server, it seems; check --server", self.base),
        })
    }
}

/// Sends a request as a platform would, and gives what it hears: status and body.
pub fn deliver(request: Request<Vec<u8>>) -> anyhow::Result<(u16, String)> {
    let url = request.uri().to_string();
    let response = agent(false, 0).run(request);
    // The address is a secret's bearer: its token is left out.
    let host = url.split('/').nth(2).unwrap_or_default();
    let mut response =
        response.with_context(|| format!("nothing answers at {host}, where the source's endpoint is"))?;
    let read = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).lossy_utf8(true).read_to_string();
    Ok((response.status().as_u16(), read.with_context(|| format!("the answer of {host} broke off"))?))
}

/// Redirects that a download may take.
const REDIRECTS: u32 = 5;

/// Fetches a file of at most `most` bytes. Over https, and to nothing else; only from this machine over http too.
pub fn download(url: &str, most: usize) -> anyhow::Result<Vec<u8>> {
    let is_https = url.starts_with("https://");
    if !is_https && !is_of_this_machine(url) {
        bail!(
            "{url} is not fetched over http, on whose way anybody may change it; expected a URL that begins with https://"
        );
    }
    let agent = agent(is_https, if is_https { REDIRECTS } else { 0 });
    let mut response = agent.get(url).call().with_context(|| format!("cannot fetch {url}"))?;
    let status = response.status();
    if !status.is_success() {
        bail!("{url} answered {status}; expected 200 and a plugin");
    }
    let media_type = response.body().mime_type().unwrap_or_default().to_owned();
    if media_type.starts_with("text/") {
        bail!("{url} gave {media_type}, a page for people; expected a plugin: look for the link to the file itself");
    }
    // One byte more shows that it is too large; whoever reads it says so.
    let limit = most as u64 + 1;
    let too_large = || format!("{url} is larger than {most} bytes, the most that a plugin may have");
    if response.body().content_length().is_some_and(|length| length >= limit) {
        bail!(too_large());
    }
    match response.body_mut().with_config().limit(limit).read_to_vec() {
        Ok(bytes) if bytes.len() as u64 >= limit => bail!(too_large()),
        Err(ureq::Error::BodyExceedsLimit(_)) => bail!(too_large()),
        read => read.with_context(|| format!("cannot fetch {url} to its end")),
    }
}

fn is_of_this_machine(url: &str) -> bool {
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
    fn only_this_machine_is_asked_over_http() {
        for url in ["http://localhost:8080/a.wasm", "http://127.0.0.1/a", "http://[::1]:1/a"] {
            assert!(is_of_this_machine(url), "{url}");
        }
        for url in
            ["http://example.com/a", "http://localhost.example.com/", "ftp://localhost/", "http://127.0.0.1@e.com/"]
        {
            assert!(!is_of_this_machine(url), "{url}");
        }
        insta::assert_snapshot!(download("http://example.com/a.wasm", 1).unwrap_err(), @"http://example.com/a.wasm is not fetched over http, on whose way anybody may change it; expected a URL that begins with https://");
    }
}
