//! Listening: connections in bounded number, with time-outs, until a graceful stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::{config::Config, routes::Routes};

/// How long to wait before accepting again when the system cannot give us a connection (no file descriptor left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Room for a request's head, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    connections: usize,
    headers: Duration,
    stop: Duration,
}

impl Limits {
    /// The configured limits.
    pub fn of(config: &Config) -> Self {
        Self {
            connections: config.max_connections,
            headers: Duration::from_secs(config.header_timeout_seconds),
            stop: Duration::from_secs(config.stop_timeout_seconds),
        }
    }
}

/// Binds an address; `flag` is how an operator chose it.
pub async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; stop what uses it, or choose another address with {flag}")
    })
}

/// Serves until `stopped` says true, then finishes what was accepted.
pub async fn serve(listener: TcpListener, routes: Routes, limits: Limits, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Also bounds how long a connection stays idle: the time runs from the last answer.
            .header_read_timeout(limits.headers)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), routes.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(limits.stop, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = limits.stop.as_secs(),
            "some connections were still open when the stop ran out of time"
        );
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    // The place first: a connection that is accepted and not served would only look alive.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are small; waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Waits for SIGTERM or SIGINT.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be listened for; SIGINT stops the server");
            let _ = interrupt.await;
        }
    }
}
