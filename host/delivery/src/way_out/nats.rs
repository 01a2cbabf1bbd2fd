//! Publishing to NATS JetStream over a guarded connection.
//!
//! The usual client opens its connections itself and follows the addresses that a server names, so this one speaks the few
//! words of the protocol that a publish with an acknowledgement needs. The answer looks like one of HTTP: the status is 200
//! for an acknowledgement, and otherwise the code of JetStream's error.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{
    StatusCode, Uri,
    header::{AUTHORIZATION, HeaderMap},
};
use inlet_core::json;
use percent_encoding::percent_decode_str;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio_rustls::TlsConnector;
use tower::Service as _;
use uuid::Uuid;

use super::{
    client::{SendError, TimeLimits},
    connector::GuardedConnector,
};
use crate::{
    answer::{Answer, AnswerEnd},
    request::{OutgoingRequest, title_case},
};

/// The longest line of the protocol that is read.
const MAX_LINE: u64 = 64 * 1024;
/// The longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Publishes to NATS.
#[derive(Clone)]
pub(super) struct NatsClient {
    connector: GuardedConnector,
    tls: Arc<ClientConfig>,
    limits: TimeLimits,
}

/// A byte stream, plain or encrypted.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection on which the server has accepted the credentials, or the answer that refuses them.
enum Connected {
    Ready { stream: BufStream<Box<dyn Stream>>, max_payload: usize },
    Refused(Answer),
}

impl NatsClient {
    pub(super) fn new(connector: GuardedConnector, tls: Arc<ClientConfig>, limits: TimeLimits) -> Self {
        Self { connector, tls, limits }
    }

    /// Publishes a request's body to the subject in its URL's path, and waits for the acknowledgement.
    pub(super) async fn send(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        let not_sent = |reason: String| SendError::NotSent(reason);
        let connected = match tokio::time::timeout(self.limits.connect, self.connect(&request)).await {
            Ok(connected) => connected.map_err(not_sent)?,
            Err(_) => {
                return Err(not_sent(format!("no connection within {} s", self.limits.connect.as_secs_f64())));
            }
        };
        let (stream, max_payload) = match connected {
            Connected::Refused(answer) => return Ok(answer),
            Connected::Ready { stream, max_payload } => (stream, max_payload),
        };
        if request.body.len() > max_payload {
            let found = request.body.len();
            return Err(not_sent(format!("the message has {found} bytes; the server takes {max_payload} at most")));
        }
        match tokio::time::timeout(self.limits.head, publish(stream, &request)).await {
            Ok(published) => published.map_err(SendError::Unanswered),
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
                "PONG" => return Ok(Connected::Ready { stream, max_payload }),
                "PING" => write(&mut stream, b"PONG\r\n").await?,
                _ => match line.strip_prefix("-ERR ") {
                    Some(error) => return Ok(Connected::Refused(refusal(error))),
                    None => continue,
                },
            }
        }
    }
}

/// Publishes a message and reads until its acknowledgement.
async fn publish(mut stream: BufStream<Box<dyn Stream>>, request: &OutgoingRequest) -> Result<Answer, String> {
    let subject = percent_decode_str(request.url.path().trim_start_matches('/')).decode_utf8_lossy();
    let inbox = format!("_INBOX.{}", Uuid::now_v7().simple());
    let mut headers = String::from("NATS/1.0\r\n");
    for (name, value) in request.headers.iter().filter(|(name, _)| *name != AUTHORIZATION) {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers.push_str(&format!("{}: {value}\r\n", title_case(name.as_str())));
    }
    headers.push_str("\r\n");
    let total = headers.len() + request.body.len();
    let head = format!("SUB {inbox} 1\r\nHPUB {subject} {inbox} {} {total}\r\n{headers}", headers.len());
    let message = [head.as_bytes(), &request.body, b"\r\n"].concat();
    write(&mut stream, &message).await?;
    loop {
        let line = read_line(&mut stream).await?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["PING"] => write(&mut stream, b"PONG\r\n").await?,
            ["MSG", _, _, .., bytes] => return acknowledgement(&read_payload(&mut stream, bytes).await?, 0),
            ["HMSG", _, _, .., head, bytes] => {
                let head = head.parse().map_err(|_| "the server's answer has no length".to_owned())?;
                return acknowledgement(&read_payload(&mut stream, bytes).await?, head);
            }
            ["-ERR", ..] => return Ok(refusal(line.trim_start_matches("-ERR "))),
            _ => {}
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

/// Reads an acknowledgement. `head` is the length of its headers.
fn acknowledgement(message: &[u8], head: usize) -> Result<Answer, String> {
    let (head, body) = message.split_at_checked(head).ok_or("the server's answer is shorter than it says")?;
    let head = String::from_utf8_lossy(head);
    // `NATS/1.0 503`: nobody listens to the subject, so no stream stores the message.
    if let Some(code) = head.lines().next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()) {
        return Ok(answer(code, "no stream stores the subject"));
    }
    let text = std::str::from_utf8(body).ok().filter(|text| json::check(text, json::MAX_DEPTH).is_ok());
    let text = text.ok_or("the server's answer is no JSON")?;
    let code = match json::point(text, "/error/code").map(str::parse) {
        Some(Ok(code)) => code,
        _ if json::member(text, "seq").is_some() => 200,
        _ => 502,
    };
    Ok(answer(code, text))
}

fn refusal(error: &str) -> Answer {
    let code = match error {
        _ if error.contains("Authorization") || error.contains("Authentication") => 401,
        _ if error.contains("Permissions") => 403,
        _ => 502,
    };
    answer(code, error)
}

fn answer(code: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        end: AnswerEnd::Whole,
    }
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> Result<String, String> {
    let mut line = Vec::new();
    let read = (&mut *stream).take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
    if read == 0 || !line.ends_with(b"\n") {
        return Err("the server closed the connection".to_owned());
    }
    String::from_utf8(line).map(|line| line.trim_end().to_owned()).map_err(|_| "the server sent no text".to_owned())
}

async fn read_payload<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    bytes: &str,
) -> Result<Vec<u8>, String> {
    let bytes = bytes.parse().ok().filter(|bytes| *bytes <= MAX_ANSWER).ok_or("the server's answer is too long")?;
    let mut payload = vec![0; bytes];
    stream.read_exact(&mut payload).await.map_err(|error| error.to_string())?;
    Ok(payload)
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, bytes: &[u8]) -> Result<(), String> {
    stream.write_all(bytes).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())
}
