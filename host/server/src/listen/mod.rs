//! Listeners: accept a bounded number of connections, with time limits, until a graceful stop.

mod activity;
mod library_error;
mod watched_stream;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

pub use self::activity::Activity;
use self::watched_stream::WatchedStream;
use crate::{
    config::{Config, ListenAddress},
    paced_stream::PacedStream,
    routes::Routes,
};

/// The pause before accepting again after an error, for example when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The time after which a connection is closed whose client takes none of the bytes that wait for it.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Limits of a listener's connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    max_connections: usize,
    timeouts: Timeouts,
    stop_timeout: Duration,
}

/// The time limits of a connection that waits for a request.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From the first byte of a head, or from the connection's begin, to the end of the head.
    head: Duration,
    /// From an answer to the first byte of the next head.
    idle: Duration,
}

impl ConnectionLimits {
    /// Returns the configured limits.
    pub fn of(config: &Config) -> Self {
        Self {
            max_connections: config.max_connections,
            timeouts: Timeouts {
                head: Duration::from_secs(config.header_timeout_seconds),
                idle: Duration::from_secs(config.idle_timeout_seconds),
            },
            stop_timeout: Duration::from_secs(config.stop_timeout_seconds),
        }
    }
}

/// Binds an address. The error names `flag`, by which an operator chooses another.
pub async fn bind(address: &ListenAddress, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = match address {
        ListenAddress::Socket(address) => TcpListener::bind(address).await,
        ListenAddress::Name { host, port } => TcpListener::bind((host.as_str(), *port)).await,
    };
    bound.with_context(|| {
        format!("cannot listen on {address}; stop what uses it, or choose another address with {flag}")
    })
}

/// Serves until `stopped` becomes true, then waits for accepted requests, up to the stop timeout.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    mut stopped: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limits.max_connections));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, address, permit)) = accepted else { continue };
        let activity = Activity::default();
        let stream =
            WatchedStream::new(PacedStream::new(stream), limits.timeouts, activity.clone(), routes.engine().clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The stream has the time limits.
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), routes.of_connection(address.ip(), activity));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if timeout(limits.stop_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = limits.stop_timeout.as_secs(),
            "some connections were still open when the stop ran out of time"
        );
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // The permit comes first: an accepted connection without one would only look alive to the client.
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            // Responses are small, so waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            // A client that does not read its answer must not keep the connection and the answer for ever.
            let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
            Some((stream, address, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
