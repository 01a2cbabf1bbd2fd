//! Publishing to NATS JetStream over a guarded connection.
//!
//! The usual client opens its connections itself and follows the addresses that a server names, so this one speaks the few
//! words of the protocol that a publish with an acknowledgement needs. The answer looks like one of HTTP: the status is 200
//! for an acknowledgement, and otherwise the code of JetStream's error. A connection serves one message after another, and waits
//! for the next one.

mod connection;
mod idle;
mod wire;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{
    Uri,
    header::{AUTHORIZATION, HeaderMap},
};
use inlet_core::json;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::BufStream;
use tokio_rustls::TlsConnector;
use tower::Service as _;

use self::{
    connection::{Connection, Published, refusal},
    idle::{IdleConnections, Owner},
    wire::{Stream, read_line, write},
};
use super::{
    client::{SendError, TimeLimits},
    connector::GuardedConnector,
};
use crate::{answer::Answer, request::OutgoingRequest};

/// Publishes to NATS.
#[derive(Clone)]
pub(super) struct NatsClient {
    connector: GuardedConnector,
    tls: Arc<ClientConfig>,
    limits: TimeLimits,
    idle: Arc<IdleConnections>,
}

/// A connection on which the server has accepted the credentials, or the answer that refuses them.
enum Connected {
    Ready(Connection),
    Refused(Answer),
}

impl NatsClient {
    pub(super) fn new(connector: GuardedConnector, tls: Arc<ClientConfig>, limits: TimeLimits) -> Self {
        Self { connector, tls, limits, idle: Arc::default() }
    }

    /// Publishes a request's body to the subject in its URL's path, and waits for the acknowledgement.
    pub(super) async fn send(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        let not_sent = |reason: String| SendError::NotSent(reason);
        let owner = Owner::of(&request);
        let ready = async {
            match self.idle.take(&owner, self.limits.connect / 4).await {
                Some(connection) => Ok(Connected::Ready(connection)),
                None => self.connect(&request).await,
            }
        };
        let connected = match tokio::time::timeout(self.limits.connect, ready).await {
            Ok(connected) => connected.map_err(not_sent)?,
            Err(_) => {
                return Err(not_sent(format!("no connection within {} s", self.limits.connect.as_secs_f64())));
            }
        };
        let mut connection = match connected {
            Connected::Refused(answer) => return Ok(answer),
            Connected::Ready(connection) => connection,
        };
        if request.body.len() > connection.max_payload {
            let (found, most) = (request.body.len(), connection.max_payload);
            self.idle.put(owner, connection);
            return Err(not_sent(format!("the message has {found} bytes; the server takes {most} at most")));
        }
        match tokio::time::timeout(self.limits.head, connection.publish(&request)).await {
            Ok(Ok(Published::Answered(answer))) => {
                self.idle.put(owner, connection);
                Ok(answer)
            }
            Ok(Ok(Published::Refused(answer))) => Ok(answer),
            Ok(Err(reason)) => Err(SendError::Unanswered(reason)),
            Err(_) => {
                let limit = self.limits.head.as_secs_f64();
                Err(SendError::Unanswered(format!("no acknowledgement within {limit} s")))
            }
        }
    }

    async fn connect(&self, request: &OutgoingRequest) -> Result<Connected, String> {
        let url = &request.url;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(4222));
        let address = Uri::try_from(format!("https://{host}:{port}/")).map_err(|error| error.to_string())?;
        let tcp = self.connector.clone().call(address).await.map_err(|error| error.to_string())?.into_inner();
        let mut stream = BufStream::new(tcp);
        let line = read_line(&mut stream).await?;
        let Some(info) = line.strip_prefix("INFO ") else { return Err("the server is no NATS server".to_owned()) };
        let needs_tls = json::member(info, "tls_required") == Some("true") || url.scheme() == "tls";
        let max_payload = json::member(info, "max_payload").and_then(|text| text.parse().ok()).unwrap_or(1 << 20);
        let mut stream: BufStream<Box<dyn Stream>> = if needs_tls {
            let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned())
                .map_err(|error| error.to_string())?;
            let encrypted = TlsConnector::from(self.tls.clone()).connect(name, stream.into_inner()).await;
            BufStream::new(Box::new(encrypted.map_err(|error| error.to_string())?))
        } else {
            BufStream::new(Box::new(stream.into_inner()))
        };
        write(&mut stream, format!("CONNECT {}\r\nPING\r\n", connect_options(&request.headers)).as_bytes()).await?;
        loop {
            let line = read_line(&mut stream).await?;
            match line.as_str() {
                "PONG" => return Ok(Connected::Ready(Connection::new(stream, max_payload))),
                "PING" => write(&mut stream, b"PONG\r\n").await?,
                _ => match line.strip_prefix("-ERR ") {
                    Some(error) => return Ok(Connected::Refused(refusal(error))),
                    None => continue,
                },
            }
        }
    }
}

/// Returns the options of the connection, with the credentials of the `authorization` header: `Bearer` for a token, `Basic`
/// for a user and a password.
fn connect_options(headers: &HeaderMap) -> String {
    let mut members = vec![
        ("verbose", "false".to_owned()),
        ("pedantic", "false".to_owned()),
        ("name", r#""inlet""#.to_owned()),
        ("lang", r#""rust""#.to_owned()),
        ("version", json::quote(env!("CARGO_PKG_VERSION"))),
        ("protocol", "1".to_owned()),
        ("headers", "true".to_owned()),
        ("no_responders", "true".to_owned()),
    ];
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Some(token) = value.strip_prefix("Bearer ") {
        members.push(("auth_token", json::quote(token)));
    } else if let Some(pair) = value.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()) {
        let pair = String::from_utf8_lossy(&pair).into_owned();
        let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
        members.extend([("user", json::quote(user)), ("pass", json::quote(password))]);
    }
    json::object(members.iter().map(|(name, value)| (name, value.as_str())))
}
