//! Connections to checked addresses.
//!
//! A name is looked up once for a connection. Its addresses are checked, and the connection is opened to one of exactly these
//! addresses: a name that is answered otherwise a moment later changes nothing.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{Uri, header::HeaderValue};
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower::Service;

use super::{
    address::{AddressRules, RefusedAddress},
    resolve::Resolve,
};

/// The most addresses of a name that are tried for one connection.
const MAX_TRIED: usize = 4;

/// An error before a connection was there. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A URL without a host.
    #[error("the URL names no host")]
    NoHost,
    /// The name could not be looked up.
    #[error("the host {host:?} cannot be looked up: {error}")]
    LookUp {
        /// The host.
        host: String,
        /// The resolver's error.
        error: io::Error,
    },
    /// The name has no address.
    #[error("the host {host:?} has no address")]
    NoAddress {
        /// The host.
        host: String,
    },
    /// No address of the host may be reached.
    #[error("the host {host:?} may not be reached: {refused}")]
    Refused {
        /// The host.
        host: String,
        /// The first refused address.
        refused: RefusedAddress,
    },
    /// No address accepted a connection.
    #[error("no connection to {address}: {error}")]
    Connect {
        /// The address that was tried last.
        address: SocketAddr,
        /// Its error.
        error: io::Error,
    },
    /// The proxy did not open a tunnel.
    #[error("the proxy opened no tunnel to {address}: {error}")]
    Proxy {
        /// The address that was tried last.
        address: SocketAddr,
        /// The tunnel's error.
        error: String,
    },
}

/// Opens connections for the HTTP client.
#[derive(Clone)]
pub struct GuardedConnector {
    rules: Arc<AddressRules>,
    resolver: Arc<dyn Resolve>,
    proxy: Option<Tunnel<HttpConnector>>,
}

impl GuardedConnector {
    /// Connects only to addresses that the rules allow.
    pub fn new(rules: AddressRules, resolver: Arc<dyn Resolve>) -> Self {
        Self { rules: Arc::new(rules), resolver, proxy: None }
    }

    /// Connects through an HTTP proxy with `CONNECT`. The proxy gets checked addresses instead of names, so that it reaches
    /// nothing that is refused here. Its own address is the operator's choice and is not checked.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Uri, authorization: Option<HeaderValue>) -> Self {
        let tunnel = Tunnel::new(proxy, HttpConnector::new());
        self.proxy = Some(match authorization {
            Some(value) => tunnel.with_auth(value),
            None => tunnel,
        });
        self
    }

    async fn connect(self, url: Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let host = url.host().ok_or(ConnectError::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
        let mut error = None;
        for address in self.checked_addresses(host, port).await?.into_iter().take(MAX_TRIED) {
            match self.open(address).await {
                Ok(connection) => return Ok(connection),
                Err(failed) => error = Some(failed),
            }
        }
        Err(error.unwrap_or_else(|| ConnectError::NoAddress { host: host.to_owned() }))
    }

    /// Returns the addresses of a host that may be reached; an error if there is none.
    async fn checked_addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let found = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => {
                let found = self.resolver.resolve(host).await;
                found.map_err(|error| ConnectError::LookUp { host: host.to_owned(), error })?
            }
        };
        let (mut allowed, mut first_refused) = (Vec::new(), None);
        for address in found.into_iter().map(|address| SocketAddr::new(address, port)) {
            match self.rules.check(address) {
                Ok(()) => allowed.push(address),
                Err(refused) => first_refused = first_refused.or(Some(refused)),
            }
        }
        match first_refused {
            Some(refused) if allowed.is_empty() => Err(ConnectError::Refused { host: host.to_owned(), refused }),
            _ => Ok(allowed),
        }
    }

    async fn open(&self, address: SocketAddr) -> Result<TokioIo<TcpStream>, ConnectError> {
        // A proxy would reach itself under an address of this process.
        match self.proxy.as_ref().filter(|_| !self.rules.is_own(address)) {
            None => {
                let connected = TcpStream::connect(address).await;
                let stream = connected.map_err(|error| ConnectError::Connect { address, error })?;
                // A request is written at once; waiting for more would only delay it. Without it the request is slower, not wrong.
                let _ = stream.set_nodelay(true);
                Ok(TokioIo::new(stream))
            }
            Some(tunnel) => {
                let failed = |error: String| ConnectError::Proxy { address, error };
                let url = Uri::try_from(format!("https://{address}/")).map_err(|error| failed(error.to_string()))?;
                tunnel.clone().call(url).await.map_err(|error| failed(sentence(&error)))
            }
        }
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        Box::pin(self.clone().connect(url))
    }
}

/// Joins an error and its causes into one line, each sentence once.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
