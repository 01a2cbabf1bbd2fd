//! A TCP proxy that can be cut, and that can go silent without telling either side.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
};

/// The proxy's way with its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It forwards both ways.
    Open,
    /// It forwards nothing, and accepts connections that nobody answers: as if the network were gone.
    Silent,
    /// It closes its connections, and refuses others.
    Cut,
}

/// A proxy to a port of the loopback address.
pub struct TcpProxy {
    /// Its own port.
    pub port: u16,
    line: Arc<watch::Sender<Line>>,
}

impl TcpProxy {
    /// Starts a proxy.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(watch::Sender::new(Line::Open));
        let lines = line.clone();
        tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                let state = *lines.borrow();
                if state == Line::Cut {
                    continue;
                }
                let Ok(outgoing) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                let (from_client, to_client) = incoming.into_split();
                let (from_server, to_server) = outgoing.into_split();
                tokio::spawn(forward(from_client, to_server, lines.subscribe()));
                tokio::spawn(forward(from_server, to_client, lines.subscribe()));
            }
        });
        Self { port, line }
    }

    /// Opens, silences or cuts the line, also for the connections that there are.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = line.wait_for(|line| *line == Line::Cut) => return,
        };
        let Ok(count) = read else { return };
        // What was read while the line is silent is held back until it is open again.
        let Ok(state) = line.wait_for(|line| *line != Line::Silent).await.map(|state| *state) else { return };
        if count == 0 || state == Line::Cut || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
