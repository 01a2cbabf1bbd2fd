//! A hostile or unlucky sender: one connection that sends any bytes, and counts what is sent and answered.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::http::ResponseHead;

/// The bytes and answers of all senders of an attack.
#[derive(Debug, Default)]
pub struct Counts {
    bytes: AtomicU64,
    statuses: Mutex<BTreeMap<u16, u64>>,
}

impl Counts {
    /// Counts bytes on the wire.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts answers with a status.
    pub fn add_answers(&self, status: u16, count: u64) {
        *self.statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += count;
    }

    /// Returns the bytes that were sent.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the answers as text, for example `401: 12, 503: 3`.
    pub fn answers(&self) -> String {
        let statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<String> = statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
    }
}

/// The target of an attack.
#[derive(Debug, Clone)]
pub struct Victim {
    /// The server.
    pub address: SocketAddr,
    /// The endpoint of the attacked source.
    pub path: String,
    pub counts: Arc<Counts>,
}

impl Victim {
    /// Opens a connection.
    pub async fn connect(&self) -> io::Result<Sender> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(Sender { stream, counts: self.counts.clone(), received: Vec::new() })
    }

    /// Opens a connection into whose buffers little fits, so that an unread answer stays with the server.
    pub async fn connect_with_small_window(&self) -> io::Result<Sender> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(4096)?;
        let stream = socket.connect(self.address).await?;
        Ok(Sender { stream, counts: self.counts.clone(), received: Vec::new() })
    }

    /// Returns a request head; `rest` holds further header lines.
    pub fn head(&self, rest: &str) -> Vec<u8> {
        format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{rest}\r\n", self.path).into_bytes()
    }

    /// Returns a whole request; `headers` holds further header lines.
    pub fn request(&self, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut bytes = self.head(&format!("{headers}content-length: {}\r\n", body.len()));
        bytes.extend_from_slice(body);
        bytes
    }
}

/// A connection of an attack.
#[derive(Debug)]
pub struct Sender {
    stream: TcpStream,
    counts: Arc<Counts>,
    received: Vec<u8>,
}

impl Sender {
    /// Sends bytes, and counts those that the socket took.
    pub async fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let sent = self.stream.write(bytes).await?;
            self.counts.add_bytes(sent as u64);
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    /// Waits for an answer, and counts and returns its status. An interim answer (1xx) has no length and is skipped.
    pub async fn answer(&mut self) -> io::Result<u16> {
        loop {
            if self.received.starts_with(b"HTTP/1.1 1") {
                if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                    self.received.drain(..end + 4);
                    continue;
                }
            } else if let Some(head) = ResponseHead::parse(&self.received).map_err(io::Error::other)?
                && head.end <= self.received.len()
            {
                self.received.drain(..head.end);
                self.counts.add_answers(head.status, 1);
                return Ok(head.status);
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Waits for the first line of an answer, and counts its status. The rest of the answer stays unread.
    pub async fn status(&mut self) -> io::Result<()> {
        let mut line = [0; "HTTP/1.1 200".len()];
        self.stream.read_exact(&mut line).await?;
        let status = std::str::from_utf8(&line[9..]).ok().and_then(|digits| digits.parse().ok());
        self.counts.add_answers(status.ok_or_else(|| io::Error::other("no status line"))?, 1);
        Ok(())
    }

    /// Reads at most `most` bytes, and returns how many there were; 0 at the end of the connection.
    pub async fn read_some(&mut self, most: usize) -> io::Result<usize> {
        let mut bytes = vec![0; most];
        self.stream.read(&mut bytes).await
    }

    /// Sends a request and waits for its answer.
    pub async fn exchange(&mut self, bytes: &[u8]) -> io::Result<u16> {
        self.send(bytes).await?;
        self.answer().await
    }
}
