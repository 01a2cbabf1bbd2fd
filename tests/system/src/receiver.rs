//! A receiver of deliveries on a real socket. It keeps what came, and answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that came.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The headers, with lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl ReceivedRequest {
    /// Returns a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("there is no header {name}: {:?}", self.headers))
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An answer to give.
#[derive(Debug, Clone)]
pub struct ReceiverAnswer {
    /// The status.
    pub status: u16,
    /// Further header lines.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// The time that passes before it is given.
    pub delay: Duration,
}

impl ReceiverAnswer {
    /// Returns an answer with a status and a body.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Gives the answer only after a time.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A running receiver. It runs until the tests end.
#[derive(Clone)]
pub struct Receiver {
    /// The base URL.
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    requests: Vec<ReceivedRequest>,
    /// The answers to the next requests.
    next: VecDeque<ReceiverAnswer>,
    /// The answer to all later requests.
    always: ReceiverAnswer,
}

impl Receiver {
    /// Starts a receiver that answers 200.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let always = ReceiverAnswer::new(200, "{}");
        let state = Arc::new(Mutex::new(State { requests: Vec::new(), next: VecDeque::new(), always }));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = shared.clone();
                // A sender may hang up, or be killed.
                thread::spawn(move || stream.and_then(|stream| serve(stream, &state)));
            }
        });
        Self { url, state }
    }

    /// Gives these answers to the next requests, in order.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = ReceiverAnswer>) {
        self.state.lock().unwrap().next.extend(answers);
    }

    /// Gives this answer to all requests for which no other is left.
    pub fn answer_always(&self, answer: ReceiverAnswer) {
        self.state.lock().unwrap().always = answer;
    }

    /// Returns what came so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Waits until this many requests came, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<ReceivedRequest> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let requests = self.requests();
            if requests.len() >= count {
                return requests;
            }
            assert!(Instant::now() < deadline, "{} of {count} requests came: {requests:?}", requests.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let answer = {
        let mut state = state.lock().unwrap();
        state.requests.push(ReceivedRequest { method, path, headers, body });
        state.next.pop_front().unwrap_or_else(|| state.always.clone())
    };
    let ReceiverAnswer { status, headers, body, delay } = answer;
    thread::sleep(delay);
    let further: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n{further}\r\n{body}",
        body.len()
    )
}
