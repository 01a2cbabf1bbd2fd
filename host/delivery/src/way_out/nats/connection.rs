//! A connection to a server, and what it publishes.

use std::time::Duration;

use bytes::Bytes;
use hyper::{
    StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};
use inlet_core::json;
use percent_encoding::percent_decode_str;
use tokio::io::BufStream;
use uuid::Uuid;

use super::wire::{Stream, read_line, read_payload, write};
use crate::{
    answer::{Answer, AnswerEnd},
    request::{OutgoingRequest, title_case},
};

/// A connection on which the server has accepted the credentials.
pub(super) struct Connection {
    stream: BufStream<Box<dyn Stream>>,
    /// The largest body that the server takes, in bytes.
    pub(super) max_payload: usize,
    /// The number of the last subscription.
    subscription: u64,
}

/// The answer to a message.
pub(super) enum Published {
    /// The stream's; the connection can be used again.
    Answered(Answer),
    /// The server's, which closes the connection after most errors.
    Refused(Answer),
}

impl Connection {
    pub(super) fn new(stream: BufStream<Box<dyn Stream>>, max_payload: usize) -> Self {
        Self { stream, max_payload, subscription: 0 }
    }

    /// Returns true if the server answers on the connection.
    pub(super) async fn is_alive(&mut self, patience: Duration) -> bool {
        let answered = async {
            write(&mut self.stream, b"PING\r\n").await?;
            loop {
                match read_line(&mut self.stream).await?.as_str() {
                    "PONG" => return Ok(()),
                    "PING" => write(&mut self.stream, b"PONG\r\n").await?,
                    line if line.starts_with("-ERR") => return Err(line.to_owned()),
                    // Such as `INFO`, by which a server names others.
                    _ => {}
                }
            }
        };
        matches!(tokio::time::timeout(patience, answered).await, Ok(Ok(())))
    }

    /// Publishes a message and reads until its acknowledgement.
    pub(super) async fn publish(&mut self, request: &OutgoingRequest) -> Result<Published, String> {
        let subject = percent_decode_str(request.url.path().trim_start_matches('/')).decode_utf8_lossy();
        let inbox = format!("_INBOX.{}", Uuid::now_v7().simple());
        let mut headers = String::from("NATS/1.0\r\n");
        for (name, value) in request.headers.iter().filter(|(name, _)| *name != AUTHORIZATION) {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers.push_str(&format!("{}: {value}\r\n", title_case(name.as_str())));
        }
        headers.push_str("\r\n");
        let total = headers.len() + request.body.len();
        self.subscription += 1;
        let sid = self.subscription;
        // The subscription ends with its first message.
        let head = format!(
            "SUB {inbox} {sid}\r\nUNSUB {sid} 1\r\nHPUB {subject} {inbox} {} {total}\r\n{headers}",
            headers.len()
        );
        let message = [head.as_bytes(), &request.body, b"\r\n"].concat();
        write(&mut self.stream, &message).await?;
        loop {
            let line = read_line(&mut self.stream).await?;
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words.as_slice() {
                ["PING"] => write(&mut self.stream, b"PONG\r\n").await?,
                ["MSG", _, _, .., bytes] => {
                    return acknowledgement(&read_payload(&mut self.stream, bytes).await?, 0).map(Published::Answered);
                }
                ["HMSG", _, _, .., head, bytes] => {
                    let head = head.parse().map_err(|_| "the server's answer has no length".to_owned())?;
                    let payload = read_payload(&mut self.stream, bytes).await?;
                    return acknowledgement(&payload, head).map(Published::Answered);
                }
                ["-ERR", ..] => return Ok(Published::Refused(refusal(line.trim_start_matches("-ERR ")))),
                _ => {}
            }
        }
    }
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

/// Returns the answer for an error of the server.
pub(super) fn refusal(error: &str) -> Answer {
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
