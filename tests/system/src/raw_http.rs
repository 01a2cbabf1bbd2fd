//! Raw HTTP requests, for input that no well-behaved client sends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Sends the bytes on a new connection and returns the response's head and body, as far as they arrive.
pub async fn exchange(base: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns the status of such a response; 0 if there was none.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Returns the value of a header of such a response.
pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

/// Returns the body of such a response.
pub fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// Returns the bytes of a POST; `headers` are further header lines, each with its end.
pub fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A connection that sends any bytes at any time, and may hang up.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Opens a connection; `None` if the server takes none.
    pub async fn open(base: &str) -> Option<Self> {
        let stream = TcpStream::connect(base.trim_start_matches("http://")).await.ok()?;
        Some(Self { stream, received: Vec::new() })
    }

    /// Sends bytes; returns false if the server has closed the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Returns the next response with its body; `None` if none is whole in this time.
    pub async fn answer(&mut self, patience: Duration) -> Option<String> {
        timeout(patience, self.read_answer()).await.ok().flatten()
    }

    /// Returns true if the server closes the connection in this time.
    pub async fn is_closed(&mut self, patience: Duration) -> bool {
        let closed = async {
            // An error says that it is closed too.
            while self.stream.read_buf(&mut self.received).await.is_ok_and(|count| count > 0) {}
        };
        timeout(patience, closed).await.is_ok()
    }

    async fn read_answer(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8_lossy(&self.received);
            if let Some(head) = text.find("\r\n\r\n") {
                let end = head + 4 + header(&text, "content-length")?.parse::<usize>().ok()?;
                if self.received.len() >= end {
                    let rest = self.received.split_off(end);
                    return String::from_utf8(std::mem::replace(&mut self.received, rest)).ok();
                }
            }
            if self.stream.read_buf(&mut self.received).await.ok()? == 0 {
                return None;
            }
        }
    }
}
