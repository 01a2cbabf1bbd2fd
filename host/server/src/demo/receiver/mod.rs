//! The demo's receiver: takes deliveries, verifies their signatures, prints them, and shows the last ones on a page.

mod json_lines;
mod page;
mod received;
mod verify;

use std::{
    collections::VecDeque,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use inlet_engine::clock::now_ms;
use tokio::net::TcpListener;

use self::{received::Received, verify::Verifier};
use super::target;
use crate::{
    config::Config,
    http::host_check::{AllowedHosts, refused_host},
};

/// The most deliveries that are kept, and the most bytes of their bodies.
const MAX_KEPT: usize = 20;
const MAX_KEPT_BYTES: usize = 32 << 20;
/// The largest body: the largest that a webhook target sends, and its frame.
const MAX_BODY: usize = 17 << 20;

/// A receiver that is bound and not started.
pub struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
}

/// The state that the handlers share.
struct Shared {
    verifier: Verifier,
    /// The last deliveries, the newest first.
    kept: Mutex<VecDeque<Arc<Received>>>,
}

impl Receiver {
    /// Binds a port of this machine: this one if it is free, else any.
    pub async fn bind(port: Option<u16>) -> anyhow::Result<Self> {
        let any = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = match port {
            Some(port) => match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => Ok(listener),
                Err(_) => any().await,
            },
            None => any().await,
        };
        let listener = listener.context("cannot listen for the demo's deliveries")?;
        let address = listener.local_addr().context("cannot listen for the demo's deliveries")?;
        Ok(Self { listener, address })
    }

    /// Returns the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the page.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Receives until the process ends. Deliveries are verified with this secret.
    pub fn start(self, secret: String) {
        let shared = Arc::new(Shared { verifier: Verifier::new(secret), kept: Mutex::default() });
        let routes = Router::new()
            .route("/", get(show))
            .route(target::PATH, post(receive))
            .route("/last/signed", get(last_signed))
            .route("/last/signature", get(last_signature))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(from_fn(check_host))
            .with_state(shared);
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).await {
                tracing::error!(%error, "the demo's receiver ended");
            }
        });
    }
}

/// Refuses other host names, by which a page in a browser could read what is shown here (DNS rebinding).
async fn check_host(request: Request, next: Next) -> Response {
    match refused_host(&AllowedHosts::of(&Config::default()), &request) {
        None => next.run(request).await,
        Some(_) => (StatusCode::MISDIRECTED_REQUEST, "expected an address or localhost as host\n").into_response(),
    }
}

/// Takes a delivery. One whose signature is wrong is taken too, so that it can be seen; a real receiver answers 401.
async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> &'static str {
    let received = Received::new(now_ms(), &headers, body, &shared.verifier);
    // Nobody may read the output; the delivery is received nevertheless.
    let _ = writeln!(std::io::stdout(), "{}", received.line());
    let mut kept = shared.kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push_front(Arc::new(received));
    while kept.len() > MAX_KEPT
        || kept.len() > 1 && kept.iter().map(|kept| kept.body.len()).sum::<usize>() > MAX_KEPT_BYTES
    {
        kept.pop_back();
    }
    "received\n"
}

async fn show(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let kept: Vec<_> = shared.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(page::html(&kept)))
}

/// Responds with exactly the bytes that the last delivery's signature covers.
async fn last_signed(State(shared): State<Arc<Shared>>) -> Response {
    last(&shared, |last| {
        (plain("application/octet-stream"), verify::signed_content(&last.headers, &last.body)).into_response()
    })
}

/// Responds with the last delivery's signature, in base64.
async fn last_signature(State(shared): State<Arc<Shared>>) -> Response {
    last(&shared, |last| {
        (plain("text/plain; charset=utf-8"), verify::shown_signature(&last.headers) + "\n").into_response()
    })
}

fn plain(content_type: &'static str) -> [(header::HeaderName, &'static str); 3] {
    [
        (header::CONTENT_TYPE, content_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ]
}

fn last(shared: &Shared, respond: impl FnOnce(&Received) -> Response) -> Response {
    let last = shared.kept.lock().unwrap_or_else(PoisonError::into_inner).front().cloned();
    match last {
        Some(last) => respond(&last),
        None => (StatusCode::NOT_FOUND, "no delivery has arrived yet\n").into_response(),
    }
}
