//! Connections that wait for their next message.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::header::AUTHORIZATION;

use super::connection::Connection;
use crate::request::OutgoingRequest;

/// The longest time that a connection waits.
const IDLE: Duration = Duration::from_secs(30);
/// The most connections with the same owner that wait.
const MAX_OF_OWNER: usize = 8;
/// The most connections that wait.
const MAX: usize = 64;

/// The server and the credentials of a connection. Nobody else gets it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    /// Scheme, host and port.
    server: String,
    credentials: Option<Vec<u8>>,
}

impl Owner {
    pub(super) fn of(request: &OutgoingRequest) -> Self {
        let credentials = request.headers.get(AUTHORIZATION).map(|value| value.as_bytes().to_vec());
        Self { server: request.url[..url::Position::BeforePath].to_owned(), credentials }
    }
}

/// The connections that wait, with the time since when.
#[derive(Default)]
pub(super) struct IdleConnections(Mutex<HashMap<Owner, Vec<(Instant, Connection)>>>);

impl IdleConnections {
    /// Takes a connection on which the server answers, if one waits.
    pub(super) async fn take(&self, owner: &Owner, patience: Duration) -> Option<Connection> {
        while let Some(mut connection) = self.newest(owner) {
            if connection.is_alive(patience).await {
                return Some(connection);
            }
        }
        None
    }

    /// Lets a connection wait, or closes it if too many do.
    pub(super) fn put(&self, owner: Owner, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        close_old(&mut idle);
        if idle.values().map(Vec::len).sum::<usize>() >= MAX {
            return;
        }
        let of_owner = idle.entry(owner).or_default();
        if of_owner.len() < MAX_OF_OWNER {
            of_owner.push((Instant::now(), connection));
        }
    }

    fn newest(&self, owner: &Owner) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        close_old(&mut idle);
        idle.get_mut(owner)?.pop().map(|(_, connection)| connection)
    }
}

fn close_old(idle: &mut HashMap<Owner, Vec<(Instant, Connection)>>) {
    idle.retain(|_, connections| {
        connections.retain(|(since, _)| since.elapsed() < IDLE);
        !connections.is_empty()
    });
}
