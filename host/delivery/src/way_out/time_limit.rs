//! A time limit for connecting: looking the name up, the connection, and the TLS handshake together.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::Uri;
use tower::{BoxError, Service};

/// A connection was not there in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", .0.as_secs_f64())]
pub struct ConnectTimedOut(Duration);

/// Limits the time that a connector takes.
#[derive(Clone)]
pub struct TimeLimit<C> {
    connector: C,
    limit: Duration,
}

impl<C> TimeLimit<C> {
    /// Limits the time of each connection.
    pub fn new(connector: C, limit: Duration) -> Self {
        Self { connector, limit }
    }
}

impl<C> Service<Uri> for TimeLimit<C>
where
    C: Service<Uri, Future: Send + 'static, Error: Into<BoxError>>,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let (connecting, limit) = (self.connector.call(url), self.limit);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(ConnectTimedOut(limit).into()),
            }
        })
    }
}
