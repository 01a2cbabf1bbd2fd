//! The HTTP client.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Uri, body::Incoming, header::HeaderValue};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error as ClientError},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use url::Url;

use super::{
    address::AddressRules,
    connector::{GuardedConnector, sentence},
    nats::NatsClient,
    resolve::{Resolve, SystemResolver},
    time_limit::TimeLimit,
};
use crate::{
    answer::{Answer, AnswerEnd},
    request::{HeaderCase, OutgoingRequest},
};

/// The most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;
/// The most bytes of an answer's head, and the most headers in it.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;
/// The time for which an unused connection is kept. Shorter than receivers usually keep them: a connection that the receiver
/// closes just when it is used again costs an attempt.
const IDLE: Duration = Duration::from_secs(15);
const MAX_IDLE_PER_HOST: usize = 32;

/// The time limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// The limit for the name, the connection and the TLS handshake.
    pub connect: Duration,
    /// From the connection to the last byte of the answer's head.
    pub head: Duration,
    /// The limit for the answer's body.
    pub body: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), head: Duration::from_secs(30), body: Duration::from_secs(10) }
    }
}

impl TimeLimits {
    /// Returns the longest time that a request may take.
    pub fn total(&self) -> Duration {
        self.connect + self.head + self.body
    }
}

/// An HTTP proxy. `Debug` does not show its credentials.
#[derive(Clone)]
pub struct HttpProxy {
    url: Uri,
    authorization: Option<HeaderValue>,
}

impl std::fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpProxy").field("url", &self.url).finish_non_exhaustive()
    }
}

impl HttpProxy {
    /// Parses `http://[user:password@]host:port`.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.host().is_some())?;
        let credentials = (!url.username().is_empty()).then(|| {
            let decode = |text| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
            let pair = [decode(url.username()), decode(url.password().unwrap_or_default())].join(&b':');
            HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()
        });
        let authorization = credentials.flatten().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let address = format!("http://{}:{}", url.host_str()?, url.port_or_known_default()?);
        Some(Self { url: address.parse().ok()?, authorization })
    }
}

/// The settings of the client.
#[derive(Clone)]
pub struct ClientOptions {
    /// Which addresses may be reached.
    pub rules: AddressRules,
    /// Looks names up.
    pub resolver: Arc<dyn Resolve>,
    /// The proxy that all connections take.
    pub proxy: Option<HttpProxy>,
    /// The time limits of a request.
    pub limits: TimeLimits,
    /// TLS settings other than the system's.
    pub tls: Option<ClientConfig>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            rules: AddressRules::default(),
            resolver: Arc::new(SystemResolver),
            proxy: None,
            limits: TimeLimits::default(),
            tls: None,
        }
    }
}

/// TLS cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS for deliveries cannot be set up: {0}")]
pub struct TlsUnavailable(#[from] rustls::Error);

/// A request without a whole answer head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent: the receiver cannot have seen the request.
    #[error("{0}")]
    NotSent(String),
    /// It was sent, perhaps in part, and not answered.
    #[error("{0}")]
    Unanswered(String),
}

type HttpClient = Client<TimeLimit<HttpsConnector<GuardedConnector>>, Full<Bytes>>;

/// The client through which all deliveries go out.
#[derive(Clone)]
pub struct WayOut {
    lower_case: HttpClient,
    title_case: HttpClient,
    nats: NatsClient,
    limits: TimeLimits,
}

impl WayOut {
    /// Makes a client.
    pub fn new(options: ClientOptions) -> Result<Self, TlsUnavailable> {
        let ClientOptions { rules, resolver, proxy, limits, tls } = options;
        let mut guarded = GuardedConnector::new(rules, resolver);
        if let Some(HttpProxy { url, authorization }) = proxy {
            guarded = guarded.with_proxy(url, authorization);
        }
        let tls = match tls {
            Some(tls) => tls,
            None => system_tls()?,
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(guarded.clone());
        let connector = TimeLimit::new(connector, limits.connect);
        let client = |title_case| {
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .timer(TokioTimer::new())
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
                .http1_max_buf_size(MAX_HEAD)
                .http1_max_headers(MAX_HEADERS)
                .http1_title_case_headers(title_case)
                .build(connector.clone())
        };
        let nats = NatsClient::new(guarded, Arc::new(tls), limits);
        Ok(Self { lower_case: client(false), title_case: client(true), nats, limits })
    }

    /// Returns the time limits of a request.
    pub fn limits(&self) -> TimeLimits {
        self.limits
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        if matches!(request.url.scheme(), "nats" | "tls") {
            return self.nats.send(request).await;
        }
        let client = match request.header_case {
            HeaderCase::Lower => &self.lower_case,
            HeaderCase::Title => &self.title_case,
        };
        let url: Uri = request.url.as_str().parse().map_err(|_| SendError::NotSent("the URL is not valid".into()))?;
        let mut outgoing = Request::new(Full::new(request.body));
        (*outgoing.method_mut(), *outgoing.uri_mut(), *outgoing.headers_mut()) = (request.method, url, request.headers);
        // Connecting has its own, shorter limit, so whatever runs into this one has a connection.
        let limit = self.limits.connect + self.limits.head;
        match tokio::time::timeout(limit, client.request(outgoing)).await {
            Ok(Ok(response)) => {
                let (head, body) = response.into_parts();
                let (body, end) = read(body, self.limits.body).await;
                Ok(Answer { status: head.status, headers: head.headers, body, end })
            }
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(SendError::Unanswered(format!("no answer within {} s", limit.as_secs_f64()))),
        }
    }
}

/// Returns TLS settings with the certificates that the system trusts. A system without any still starts: deliveries over
/// https wait until it has some.
fn system_tls() -> Result<ClientConfig, TlsUnavailable> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    match builder.clone().try_with_platform_verifier() {
        Ok(builder) => Ok(builder.with_no_client_auth()),
        Err(error) => {
            tracing::warn!(
                %error,
                "the system trusts no certificates, so no delivery over https succeeds; install its package of certificates \
                 (ca-certificates) and start again"
            );
            Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
        }
    }
}

/// Reads a body up to its limits. What is left is discarded with its connection.
async fn read(mut body: Incoming, limit: Duration) -> (Bytes, AnswerEnd) {
    let deadline = Instant::now() + limit;
    let mut read = BytesMut::new();
    let end = loop {
        match tokio::time::timeout_at(deadline, body.frame()).await {
            Err(_) => break AnswerEnd::TimedOut,
            Ok(None) => break AnswerEnd::Whole,
            Ok(Some(Err(_))) => break AnswerEnd::Broken,
            Ok(Some(Ok(frame))) => {
                let Some(data) = frame.data_ref() else { continue };
                let room = MAX_ANSWER - read.len();
                read.extend_from_slice(data.get(..room).unwrap_or(data));
                if data.len() > room {
                    break AnswerEnd::Cut;
                }
            }
        }
    };
    (read.freeze(), end)
}

/// Tells errors before anything was sent from others.
fn classify(error: &ClientError) -> SendError {
    // The client's own sentence says less than its cause.
    let cause = std::error::Error::source(error);
    let reason = cause.map_or_else(|| error.to_string(), sentence);
    if error.is_connect() { SendError::NotSent(reason) } else { SendError::Unanswered(reason) }
}
