//! A client of a running server: calls its management API, posts webhooks to it and downloads plugins for it.
//!
//! A server's error responses carry a sentence for the user; the client passes it on unchanged as a [`ServerError`].

mod address;
mod agent;
mod arguments;
mod credential_arguments;
mod download;
mod environment;
mod key_arguments;
mod server_error;
mod stream;
mod temporary;
mod webhook;

use std::io::Read;

use anyhow::{Context as _, anyhow};
use inlet_api_types::ErrorBody;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, header, request},
};

use self::agent::streaming_agent;
pub use self::{
    address::checked_url,
    arguments::ServerArguments,
    credential_arguments::CredentialArguments,
    download::download,
    environment::EnvironmentArgument,
    key_arguments::KeyArguments,
    server_error::{OtherServer, ServerError},
    stream::{Next, follow, retry},
    temporary::is_temporary,
    webhook::post_webhook,
};

/// The longest response that is read, in bytes: a log entry that holds a request of 32 MiB, escaped.
const MAX_RESPONSE_BYTES: u64 = 256 << 20;

/// The error of a response that this version of the command line cannot read.
pub const OTHER_VERSION: &str = "the answer is not that of an Inlet server of this version; check --server";

/// A client of a server's API.
pub struct Client {
    agent: Agent,
    base: String,
    token: String,
    /// The environment of commands that name none, by the profile.
    environment: Option<String>,
}

/// A request body.
pub enum Content<'a> {
    /// No body.
    None,
    /// JSON text.
    Json(String),
    /// A WebAssembly component.
    Wasm(&'a [u8]),
}

impl Content<'_> {
    /// Writes a request struct as JSON.
    pub fn json(request: &impl Serialize) -> anyhow::Result<Self> {
        Ok(Content::Json(serde_json::to_string(request).context("cannot write the request")?))
    }
}

/// Percent-encodes one segment of a path or one value of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Client {
    /// Returns the server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a GET request and parses the response.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(Method::GET, path, Content::None)
    }

    /// Sends a request and parses the response.
    pub fn send<T: DeserializeOwned>(&self, method: Method, path: &str, content: Content<'_>) -> anyhow::Result<T> {
        let text = self.send_for_text(method, path, content)?;
        serde_json::from_str(&text).with_context(|| {
            format!("the answer of {} is not that of an Inlet server of this version; check --server", self.base)
        })
    }

    /// Sends a request and returns the response's body.
    pub fn send_for_text(&self, method: Method, path: &str, content: Content<'_>) -> anyhow::Result<String> {
        self.send_request(self.request(method, path), content)
    }

    /// Sends a change that is made only if what it changes is of this version.
    pub fn send_if_match(
        &self,
        method: Method,
        path: &str,
        version: impl std::fmt::Display,
        content: Content<'_>,
    ) -> anyhow::Result<String> {
        self.send_request(self.request(method, path).header(header::IF_MATCH, format!("\"{version}\"")), content)
    }

    fn request(&self, method: Method, path: &str) -> request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    fn send_request(&self, request: request::Builder, content: Content<'_>) -> anyhow::Result<String> {
        let malformed = || self.malformed();
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
        self.body_of(response.with_context(|| self.unreachable())?)
    }

    /// Sends a request, and returns the body of a successful response as it comes. It may take for ever.
    pub fn open(&self, method: Method, path: &str) -> anyhow::Result<impl Read + Send + 'static> {
        Ok(self.open_response(method, path)?.into_body().into_reader())
    }

    /// Sends a request, and returns a successful response whose body may take for ever.
    pub fn open_response(&self, method: Method, path: &str) -> anyhow::Result<Response<Body>> {
        let request = self.request(method, path).body(()).with_context(|| self.malformed())?;
        let response = streaming_agent().run(request).with_context(|| self.unreachable())?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(self.body_of(response).err().unwrap_or_else(|| anyhow!("the server refused"))),
        }
    }

    fn malformed(&self) -> String {
        format!("--server is {:?}, which is no URL", self.base)
    }

    fn unreachable(&self) -> String {
        format!("no server answers at {}; start one with `inlet serve`, or name another with --server", self.base)
    }

    /// Returns the body of a successful response; any other becomes a [`ServerError`].
    fn body_of(&self, mut response: Response<Body>) -> anyhow::Result<String> {
        let status = response.status();
        let read = response.body_mut().with_config().limit(MAX_RESPONSE_BYTES).read_to_string();
        let text = read.with_context(|| format!("the answer of {} broke off", self.base))?;
        if status.is_success() {
            return Ok(text);
        }
        Err(match serde_json::from_str::<ErrorBody>(&text) {
            Ok(error) => anyhow::Error::new(ServerError(error)),
            Err(_) => anyhow::Error::new(OtherServer { base: self.base.clone(), status: status.as_u16() }),
        })
    }
}
