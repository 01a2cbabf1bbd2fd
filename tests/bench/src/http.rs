//! A minimal HTTP client for the generator and the set-up: response heads, and exchanges over blocking sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

/// Time after which a missing answer fails the run.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The parts of a response head that the client needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead {
    /// Status code.
    pub status: u16,
    /// Offset of the body.
    pub body: usize,
    /// Offset of the end of the response.
    pub end: usize,
    /// True if the server closes the connection after this response.
    pub closes: bool,
}

impl ResponseHead {
    /// Parses the head; `None` if it is incomplete.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Option<ResponseHead>> {
        let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..at]).context("an answer's head is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let status = status
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .with_context(|| format!("not a status line: {status:?}"))?;
        let (mut length, mut closes) = (None, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
        let body = at + 4;
        let end = body + length.context("an answer has no content-length")?;
        Ok(Some(ResponseHead { status, body, end, closes }))
    }
}

/// A buffer that collects one response piece by piece.
#[derive(Debug)]
pub struct ResponseBuffer {
    buffer: Vec<u8>,
    filled: usize,
    head: Option<ResponseHead>,
}

impl ResponseBuffer {
    /// Initial size in bytes, sufficient for most responses.
    const ROOM: usize = 32 * 1024;

    /// Creates an empty buffer.
    pub fn new() -> Self {
        Self { buffer: vec![0; Self::ROOM], filled: 0, head: None }
    }

    /// Returns the buffer to read into. It is never empty.
    pub fn spare(&mut self) -> &mut [u8] {
        let needed = self.head.map_or(self.filled + 1, |head| head.end);
        if self.buffer.len() < needed {
            self.buffer.resize(needed.next_power_of_two(), 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// Records `bytes` that were read. Returns the status when the response is complete.
    pub fn advance(&mut self, bytes: usize) -> anyhow::Result<Option<u16>> {
        ensure!(bytes > 0, "the connection was closed before the answer was whole");
        self.filled += bytes;
        if self.head.is_none() {
            self.head = ResponseHead::parse(&self.buffer[..self.filled])?;
        }
        let Some(head) = self.head else { return Ok(None) };
        if self.filled < head.end {
            return Ok(None);
        }
        ensure!(self.filled == head.end, "more came than was asked for");
        Ok(Some(head.status))
    }

    /// Returns an error that contains the response unless its status is 200 or 201.
    pub fn check(&self) -> anyhow::Result<()> {
        let status = self.head.map_or(0, |head| head.status);
        if !matches!(status, 200 | 201) {
            let body = String::from_utf8_lossy(self.body());
            bail!("answered {status}: {}", body.chars().take(500).collect::<String>());
        }
        Ok(())
    }

    /// Returns the body of a complete response.
    pub fn body(&self) -> &[u8] {
        self.head.map_or(&[], |head| &self.buffer[head.body..self.filled])
    }

    /// Prepares for the next response.
    pub fn clear(&mut self) {
        (self.filled, self.head) = (0, None);
    }
}

/// Opens a connection for the generator, without Nagle's delay and with a timeout.
pub fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends a request and waits for its response, which stays in the buffer.
pub fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut ResponseBuffer) -> anyhow::Result<()> {
    stream.write_all(request).context("cannot send")?;
    buffer.clear();
    loop {
        let read = stream.read(buffer.spare()).context("cannot read the answer")?;
        if buffer.advance(read)?.is_some() {
            return buffer.check();
        }
    }
}

/// Sends one JSON request on a new connection, and returns the body of the response.
pub fn request(address: SocketAddr, line: &str, token: Option<&str>, body: &str) -> anyhow::Result<String> {
    send(address, line, token, "application/json", body.as_bytes())
}

/// The same with a body of any type.
pub fn send(
    address: SocketAddr,
    line: &str,
    token: Option<&str>,
    content_type: &str,
    body: &[u8],
) -> anyhow::Result<String> {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\n{authorization}content-type: {content_type}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut buffer = ResponseBuffer::new();
    exchange(&mut connect(address)?, &[head.as_bytes(), body].concat(), &mut buffer)
        .with_context(|| line.to_owned())?;
    Ok(String::from_utf8_lossy(buffer.body()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_pieces_is_whole_at_its_last_byte() -> anyhow::Result<()> {
        let mut buffer = ResponseBuffer::new();
        for _ in 0..2 {
            buffer.clear();
            for (at, byte) in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".iter().enumerate() {
                buffer.spare()[0] = *byte;
                assert_eq!(buffer.advance(1)?, (at == 39).then_some(200));
            }
            buffer.check()?;
            assert_eq!(buffer.body(), b"{}");
        }
        Ok(())
    }

    #[test]
    fn anything_but_success_shows_itself() -> anyhow::Result<()> {
        let answer = b"HTTP/1.1 422 Unprocessable Entity\r\ncontent-length: 4\r\n\r\noops";
        let mut buffer = ResponseBuffer::new();
        buffer.spare()[..answer.len()].copy_from_slice(answer);
        assert_eq!(buffer.advance(answer.len())?, Some(422));
        let error = buffer.check().map_err(|error| error.to_string());
        assert_eq!(error, Err("answered 422: oops".to_owned()));
        Ok(())
    }
}
