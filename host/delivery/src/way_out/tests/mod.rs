//! The way out over real sockets.

mod nats;
mod proxy;
mod tls;

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hyper::{Method, StatusCode, header::HeaderMap};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use super::*;
use crate::{
    answer::AnswerEnd,
    request::{HeaderCase, OutgoingRequest},
    test_receiver::{answer, read_request, read_to_end, receiver, receiver_at},
};

/// Bounds a wait.
async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.unwrap()
}

fn rules(allowed: &[&str]) -> AddressRules {
    AddressRules::new(allowed.iter().map(|net| net.parse().unwrap()).collect())
}

/// Returns a client that may reach 127.0.0.1 and gives up soon.
fn client() -> WayOut {
    client_with(ClientOptions { rules: rules(&["127.0.0.1/32"]), ..ClientOptions::default() })
}

fn client_with(options: ClientOptions) -> WayOut {
    let soon = Duration::from_millis(200);
    WayOut::new(ClientOptions {
        limits: TimeLimits { connect: Duration::from_secs(5), head: soon, body: soon },
        ..options
    })
    .unwrap()
}

/// Returns a client whose limits no receiver of these tests reaches.
fn patient_client(options: ClientOptions) -> WayOut {
    let long = Duration::from_secs(30);
    WayOut::new(ClientOptions { limits: TimeLimits { connect: long, head: long, body: long }, ..options }).unwrap()
}

fn allowing(allowed: &[&str]) -> ClientOptions {
    ClientOptions { rules: rules(allowed), ..ClientOptions::default() }
}

fn post(url: &str) -> OutgoingRequest {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "msg_1".parse().unwrap());
    OutgoingRequest {
        method: Method::POST,
        url: url.parse().unwrap(),
        headers,
        header_case: HeaderCase::Lower,
        body: Bytes::from_static(b"{\"a\":39.50}"),
    }
}

fn to(address: SocketAddr) -> OutgoingRequest {
    post(&format!("http://{address}/hook?a=b"))
}

/// Answers names from a list, one answer a look-up, and counts the look-ups.
#[derive(Default)]
struct Answers {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    lookups: AtomicUsize,
}

impl Answers {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = answers.iter().rev().map(parse).collect();
        Arc::new(Self { answers: Mutex::new(answers), lookups: AtomicUsize::new(0) })
    }
}

impl Resolve for Answers {
    fn resolve<'a>(&'a self, _: &'a str) -> Addresses<'a> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.lock().unwrap().pop();
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_made_and_its_answer_is_read() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let address = receiver(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.send(read_request(&mut stream).await).unwrap();
            let answer = "HTTP/1.1 201 Created\r\nretry-after: 7\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let client = patient_client(allowing(&["127.0.0.1/32"]));
    let got = bounded(client.send(to(address))).await.unwrap();
    assert_eq!((got.status, got.text(), got.end), (StatusCode::CREATED, Some("done"), AnswerEnd::Whole));
    assert_eq!(got.header("Retry-After"), Some("7"));
    let (head, body) = requests.recv().await.unwrap();
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nhost: {address}\r\n")) && head.contains("\r\nwebhook-id: msg_1\r\n"), "{head}");
    assert_eq!(body, "{\"a\":39.50}");

    bounded(client.send(OutgoingRequest { header_case: HeaderCase::Title, ..to(address) })).await.unwrap();
    let (head, _) = requests.recv().await.unwrap();
    assert!(head.contains("\r\nWebhook-Id: msg_1\r\n") && head.contains("\r\nHost: "), "{head}");
}

#[tokio::test]
async fn an_address_that_is_not_allowed_sees_no_connection() {
    let (seen, mut connections) = mpsc::unbounded_channel();
    let address = receiver(move |stream| {
        seen.send(()).unwrap();
        read_to_end(stream)
    })
    .await;
    let port = address.port();
    let client = client_with(ClientOptions::default());
    for host in ["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "localhost", "127.0.0.1."] {
        let refused = bounded(client.send(post(&format!("http://{host}:{port}/")))).await.unwrap_err();
        let SendError::NotSent(reason) = refused else { panic!("{host}: {refused:?}") };
        assert!(
            reason.contains("may not be reached") && reason.contains("INLET_DELIVERY_ALLOWED_ADDRESSES"),
            "{reason}"
        );
    }
    assert!(connections.try_recv().is_err());
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_changes_nothing() {
    let (seen, mut connections) = mpsc::unbounded_channel();
    let address = receiver_at("0.0.0.0:0", move |stream| {
        seen.send(stream.local_addr().unwrap().ip()).unwrap();
        answer(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    })
    .await;
    let resolver = Answers::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = patient_client(ClientOptions { resolver: resolver.clone(), ..allowing(&["127.0.0.1/32"]) });
    let url = format!("http://rebinding.example:{}/", address.port());
    bounded(client.send(post(&url))).await.unwrap();
    assert_eq!(bounded(connections.recv()).await, Some(IpAddr::from([127, 0, 0, 1])));
    assert_eq!(resolver.lookups.load(Ordering::SeqCst), 1);

    let refused = bounded(client.send(post(&url))).await.unwrap_err();
    assert!(matches!(&refused, SendError::NotSent(reason) if reason.contains("127.0.0.2 is loopback")), "{refused:?}");
    assert!(connections.try_recv().is_err());

    let failed = bounded(client.send(post(&url))).await.unwrap_err();
    insta::assert_snapshot!(failed, @r#"the host "rebinding.example" cannot be looked up: no such name"#);
}

#[tokio::test]
async fn of_several_addresses_only_allowed_ones_are_tried() {
    let (seen, mut connections) = mpsc::unbounded_channel();
    let address = receiver_at("0.0.0.0:0", move |stream| {
        seen.send(stream.local_addr().unwrap().ip()).unwrap();
        answer(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    })
    .await;
    let resolver = Answers::new(&[&["127.0.0.2", "127.0.0.1"], &[]]);
    let client = patient_client(ClientOptions { resolver, ..allowing(&["127.0.0.1/32"]) });
    let url = format!("http://two.example:{}/", address.port());
    bounded(client.send(post(&url))).await.unwrap();
    assert_eq!(bounded(connections.recv()).await, Some(IpAddr::from([127, 0, 0, 1])));
    let none = bounded(client.send(post(&url))).await.unwrap_err();
    insta::assert_snapshot!(none, @r#"the host "two.example" has no address"#);
}

#[tokio::test]
async fn a_closed_port_is_an_error_before_anything_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failed = bounded(client().send(to(address))).await.unwrap_err();
    assert!(
        matches!(&failed, SendError::NotSent(reason) if reason.contains("no connection to 127.0.0.1")),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_receiver_that_closes_early_may_have_seen_the_request() {
    let address = receiver(|mut stream| async move {
        read_request(&mut stream).await;
    })
    .await;
    let failed = bounded(client().send(to(address))).await.unwrap_err();
    assert!(matches!(failed, SendError::Unanswered(_)), "{failed:?}");
}

#[tokio::test]
async fn a_receiver_that_hangs_or_drips_its_head_runs_out_of_time() {
    let hanging = receiver(read_to_end).await;
    let dripping = receiver(|mut stream| async move {
        read_request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nx-drip: ".iter().chain(std::iter::repeat(&b'x'));
        for byte in head {
            if stream.write_u8(*byte).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    for address in [hanging, dripping] {
        let client = WayOut::new(ClientOptions {
            limits: TimeLimits {
                connect: Duration::from_millis(100),
                head: Duration::from_millis(200),
                body: Duration::from_millis(200),
            },
            ..allowing(&["127.0.0.1/32"])
        });
        let failed = bounded(client.unwrap().send(to(address))).await.unwrap_err();
        assert!(matches!(&failed, SendError::Unanswered(reason) if reason.contains("no answer within")), "{failed:?}");
    }
}

#[tokio::test]
async fn an_endless_head_is_an_error() {
    let address = receiver(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(format!("x: {}\r\n", "x".repeat(1000)).as_bytes()).await.is_ok() {}
    })
    .await;
    let failed = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(to(address))).await.unwrap_err();
    assert!(matches!(failed, SendError::Unanswered(_)), "{failed:?}");
}

#[tokio::test]
async fn of_a_gigabyte_64_kib_are_read_and_the_connection_is_closed() {
    let (seen, mut written) = mpsc::unbounded_channel();
    let address = receiver(move |mut stream| {
        let seen = seen.clone();
        async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await.unwrap();
            let (block, mut sent) = (vec![b'x'; 64 * 1024], 0);
            while sent < 1 << 30 && stream.write_all(&block).await.is_ok() {
                sent += block.len();
            }
            seen.send(sent).unwrap();
        }
    })
    .await;
    let got = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(to(address))).await.unwrap();
    assert_eq!((got.status, got.body.len(), got.end), (StatusCode::OK, 64 * 1024, AnswerEnd::Cut));
    assert_eq!(got.text(), None);
    let sent = bounded(written.recv()).await.unwrap();
    assert!(sent < 1 << 28, "the receiver could send {sent} bytes");
}

#[tokio::test]
async fn a_dripping_body_keeps_its_status_and_what_was_read() {
    let address = receiver(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
        while stream.write_u8(b'x').await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let client = WayOut::new(ClientOptions {
        limits: TimeLimits { head: Duration::from_secs(20), body: Duration::from_millis(200), ..TimeLimits::default() },
        ..allowing(&["127.0.0.1/32"])
    });
    let got = bounded(client.unwrap().send(to(address))).await.unwrap();
    assert_eq!((got.status, got.end), (StatusCode::OK, AnswerEnd::TimedOut));
    assert!(got.body.iter().all(|byte| *byte == b'x'));
}

#[tokio::test]
async fn a_redirect_to_a_loopback_address_is_not_followed() {
    let (seen, mut connections) = mpsc::unbounded_channel();
    let behind = receiver(move |stream| {
        seen.send(()).unwrap();
        read_to_end(stream)
    })
    .await;
    let location = format!("http://{behind}/latest/meta-data");
    let address = receiver(move |stream| {
        let text = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        async move { answer(stream, &text).await }
    })
    .await;
    let got = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(to(address))).await.unwrap();
    assert_eq!(got.status, StatusCode::FOUND);
    assert!(connections.try_recv().is_err());
}
