//! One non-blocking connection that carries one request at a time.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use anyhow::Context as _;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::http::ResponseHead;

/// A connection, and what of its request and its response is not yet through.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// The rest of a request that did not fit into the socket's buffer.
    unsent: Vec<u8>,
    /// The beginning of a response that is not yet whole.
    received: Vec<u8>,
}

/// The state of a response after everything that has arrived was read.
#[derive(Debug)]
pub enum Progress {
    /// The response is not whole.
    Pending,
    /// The response is whole.
    Answered {
        /// The status.
        status: u16,
        /// True if the connection can carry another request.
        is_reusable: bool,
    },
    /// The connection ended before the response was whole.
    Closed,
}

impl Connection {
    /// Starts to open a connection. It can be used when its first event arrives.
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            rustix::net::socket_with(family, SocketType::STREAM, flags, None).context("cannot create a socket")?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
            Err(error) => return Err(error).context("cannot connect"),
        }
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        Ok(Self { stream, unsent: Vec::new(), received: Vec::new() })
    }

    /// Returns the socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a request, as far as the socket takes it. An error shows itself when the response is read.
    pub fn send(&mut self, request: &[u8]) {
        match self.stream.write(request) {
            Ok(sent) if sent == request.len() => {}
            Ok(sent) => self.unsent.extend_from_slice(&request[sent..]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.unsent.extend_from_slice(request),
            Err(_) => {}
        }
    }

    /// Sends and reads as far as the socket permits. `scratch` is shared by all connections: most responses come whole
    /// and are never copied.
    pub fn advance(&mut self, scratch: &mut [u8]) -> anyhow::Result<Progress> {
        self.send_rest();
        loop {
            let read = match self.stream.read(scratch) {
                Ok(0) => return Ok(Progress::Closed),
                Ok(read) => &scratch[..read],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Progress::Pending),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Ok(Progress::Closed),
            };
            let bytes = match self.received.is_empty() {
                true => read,
                false => {
                    self.received.extend_from_slice(read);
                    &self.received
                }
            };
            match ResponseHead::parse(bytes)? {
                Some(head) if bytes.len() >= head.end => {
                    self.received.clear();
                    // A request that was answered before it was sent whole leaves its rest behind.
                    let is_reusable = !head.closes && self.unsent.is_empty();
                    return Ok(Progress::Answered { status: head.status, is_reusable });
                }
                _ if self.received.is_empty() => self.received.extend_from_slice(read),
                _ => {}
            }
        }
    }

    fn send_rest(&mut self) {
        let mut sent = 0;
        while sent < self.unsent.len() {
            match self.stream.write(&self.unsent[sent..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => sent = self.unsent.len(),
            }
        }
        self.unsent.drain(..sent);
    }
}
