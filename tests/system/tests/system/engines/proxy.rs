//! A proxy between Inlet and an engine that can withhold the engine's answers.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use super::wait_for;

/// A running proxy. It runs until the tests end.
pub(super) struct Proxy {
    /// The port at which it listens.
    pub port: u16,
    state: Arc<State>,
}

struct State {
    /// The port of the engine.
    engine: u16,
    /// The beginning of a request.
    mark: &'static [u8],
    is_withholding: AtomicBool,
    requests: AtomicUsize,
    withheld: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy before an engine. A client's bytes with this mark in them are a request; nothing of the engine that comes
    /// after one is passed on while answers are withheld.
    pub(super) fn start(engine: u16, mark: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_withholding, requests, withheld) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let mark = mark.as_bytes();
        let state = Arc::new(State { engine, mark, is_withholding, requests, withheld });
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let state = shared.clone();
                // A client may be killed.
                thread::spawn(move || client.and_then(|client| connect(client, &state)));
            }
        });
        Self { port, state }
    }

    /// Withholds answers from now on, or passes them on.
    pub(super) fn withhold_answers(&self, is_withholding: bool) {
        self.state.is_withholding.store(is_withholding, SeqCst);
    }

    /// Returns how many requests came.
    pub(super) fn requests(&self) -> usize {
        self.state.requests.load(SeqCst)
    }

    /// Waits until the engine has given an answer that is withheld.
    pub(super) async fn wait_for_withheld(&self) {
        wait_for("an answer to withhold", async || (self.state.withheld.load(SeqCst) > 0).then_some(())).await;
    }
}

/// Carries one connection.
fn connect(mut client: TcpStream, state: &Arc<State>) -> std::io::Result<()> {
    let mut engine = TcpStream::connect((Ipv4Addr::LOCALHOST, state.engine))?;
    let (mut from_engine, mut to_client) = (engine.try_clone()?, client.try_clone()?);
    let has_request = Arc::new(AtomicBool::new(false));
    let (answers, was_asked) = (state.clone(), has_request.clone());
    thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(read @ 1..) = from_engine.read(&mut bytes) {
            if was_asked.load(SeqCst) && answers.is_withholding.load(SeqCst) {
                answers.withheld.fetch_add(1, SeqCst);
                // The connection stays open, and its client waits.
                return Ok(());
            }
            to_client.write_all(&bytes[..read])?;
        }
        to_client.shutdown(std::net::Shutdown::Both)
    });
    let mut bytes = vec![0; 16 * 1024];
    // The end of the bytes before, in which a mark may begin.
    let mut tail = Vec::new();
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        tail.extend_from_slice(&bytes[..read]);
        let marks = tail.windows(state.mark.len()).filter(|window| *window == state.mark).count();
        if marks > 0 {
            has_request.store(true, SeqCst);
            state.requests.fetch_add(marks, SeqCst);
        }
        tail.drain(..tail.len().saturating_sub(state.mark.len() - 1));
        engine.write_all(&bytes[..read])?;
    }
    engine.shutdown(std::net::Shutdown::Both)
}
