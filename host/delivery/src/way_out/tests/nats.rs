//! Publishing to NATS: a server on a real socket that speaks the protocol by a script.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};

use super::{super::*, allowing, bounded, client, patient_client, post};
use crate::{
    request::OutgoingRequest,
    test_receiver::{read_to_end, receiver},
};

async fn read_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// Greets a client and returns the options of its connection.
async fn greet(stream: &mut TcpStream, info: &str) -> String {
    stream.write_all(format!("INFO {info}\r\n").as_bytes()).await.unwrap();
    let options = read_line(stream).await;
    assert_eq!(read_line(stream).await, "PING");
    options
}

/// Reads a subscription and a message; returns the inbox, the subject, the headers and the body.
async fn read_message(stream: &mut TcpStream) -> (String, String, String, String) {
    let subscription = read_line(stream).await;
    let inbox = subscription.split(' ').nth(1).unwrap().to_owned();
    assert!(read_line(stream).await.starts_with("UNSUB "));
    let message = read_line(stream).await;
    let words: Vec<_> = message.split(' ').collect();
    assert_eq!((words[0], words[2]), ("HPUB", inbox.as_str()));
    let (head, total): (usize, usize) = (words[3].parse().unwrap(), words[4].parse().unwrap());
    let mut bytes = vec![0; total + 2];
    stream.read_exact(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    (inbox, words[1].to_owned(), text[..head].to_owned(), text[head..total].to_owned())
}

fn publish(address: std::net::SocketAddr) -> OutgoingRequest {
    let mut request = post(&format!("nats://{address}/inlet.runs.order"));
    request.headers.insert("nats-msg-id", "k-1".parse().unwrap());
    request.headers.insert("authorization", "Bearer t0".parse().unwrap());
    request
}

#[tokio::test]
async fn a_message_is_published_and_its_acknowledgement_is_read() {
    let (seen, mut messages) = mpsc::unbounded_channel();
    let address = receiver(move |mut stream| {
        let seen = seen.clone();
        async move {
            let options = greet(&mut stream, r#"{"headers":true,"max_payload":1048576}"#).await;
            stream.write_all(b"PONG\r\nPING\r\n").await.unwrap();
            let message = read_message(&mut stream).await;
            let ack = r#"{"stream":"RUNS","seq":7}"#;
            stream.write_all(format!("MSG {} 1 {}\r\n{ack}\r\n", message.0, ack.len()).as_bytes()).await.unwrap();
            seen.send((options, message)).unwrap();
            read_to_end(stream).await;
        }
    })
    .await;
    let answer = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(publish(address))).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text()), (200, Some(r#"{"stream":"RUNS","seq":7}"#)));
    let (options, (_, subject, headers, body)) = bounded(messages.recv()).await.unwrap();
    assert!(options.starts_with("CONNECT {") && options.contains(r#""auth_token":"t0""#), "{options}");
    assert_eq!((subject.as_str(), body.as_str()), ("inlet.runs.order", r#"{"a":39.50}"#));
    assert!(headers.starts_with("NATS/1.0\r\n") && headers.contains("\r\nNats-Msg-Id: k-1\r\n"), "{headers}");
    assert!(!headers.contains("t0"), "{headers}");
}

/// Acknowledges messages, each with the number of its connection, until the client or the given count ends it. A client that
/// asks whether the connection lives is answered.
async fn acknowledge(stream: &mut TcpStream, connection: usize, count: usize) {
    greet(stream, "{}").await;
    stream.write_all(b"PONG\r\n").await.unwrap();
    for number in 0..count {
        if number > 0 {
            assert_eq!(read_line(stream).await, "PING");
            stream.write_all(b"INFO {}\r\nPONG\r\n").await.unwrap();
        }
        let (inbox, ..) = read_message(stream).await;
        let ack = format!(r#"{{"stream":"RUNS","seq":{connection}}}"#);
        stream.write_all(format!("MSG {inbox} 1 {}\r\n{ack}\r\n", ack.len()).as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_is_used_again_while_it_lives_and_by_nobody_else() {
    let connections = Arc::new(AtomicUsize::new(0));
    let address = receiver(move |mut stream| {
        let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
        // The server closes a connection after two messages.
        async move { acknowledge(&mut stream, number, 2).await }
    })
    .await;
    let client = patient_client(allowing(&["127.0.0.1/32"]));
    let send = async |token: &str| {
        let mut request = publish(address);
        request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        bounded(client.send(request)).await.unwrap().text().unwrap().to_owned()
    };
    let connection = |number: usize| format!(r#"{{"stream":"RUNS","seq":{number}}}"#);
    assert_eq!(send("one").await, connection(1));
    assert_eq!(send("two").await, connection(2), "other credentials have a connection of their own");
    assert_eq!(send("one").await, connection(1));
    assert_eq!(send("one").await, connection(3), "the first one is closed");
}

#[tokio::test]
async fn errors_of_the_stream_have_their_code() {
    for (head, body, status) in [
        ("NATS/1.0 503\r\n\r\n", "", 503),
        ("", r#"{"error":{"code":400,"err_code":10060,"description":"expected stream does not match"}}"#, 400),
        ("", r#"{"unknown":1}"#, 502),
    ] {
        let address = receiver(move |mut stream| async move {
            greet(&mut stream, "{}").await;
            stream.write_all(b"PONG\r\n").await.unwrap();
            let (inbox, ..) = read_message(&mut stream).await;
            let total = head.len() + body.len();
            let answer = match head {
                "" => format!("MSG {inbox} 1 {total}\r\n{body}\r\n"),
                _ => format!("HMSG {inbox} 1 {} {total}\r\n{head}{body}\r\n", head.len()),
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
            read_to_end(stream).await;
        })
        .await;
        let answer = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(publish(address))).await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{body}");
    }
}

#[tokio::test]
async fn refused_credentials_and_servers_that_are_none() {
    let address = receiver(|mut stream| async move {
        greet(&mut stream, "{}").await;
        stream.write_all(b"-ERR 'Authorization Violation'\r\n").await.unwrap();
    })
    .await;
    let patient = patient_client(allowing(&["127.0.0.1/32"]));
    assert_eq!(bounded(patient.send(publish(address))).await.unwrap().status.as_u16(), 401);

    let other = receiver(|mut stream| async move {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH\r\n").await;
    })
    .await;
    let failed = bounded(patient.send(publish(other))).await.unwrap_err();
    insta::assert_snapshot!(failed, @"the server is no NATS server");

    let hanging = receiver(|mut stream| async move {
        greet(&mut stream, "{}").await;
        stream.write_all(b"PONG\r\n").await.unwrap();
        read_to_end(stream).await;
    })
    .await;
    let failed = bounded(client().send(publish(hanging))).await.unwrap_err();
    assert!(matches!(failed, SendError::Unanswered(_)), "{failed:?}");

    let refused = bounded(client_that_allows_nothing().send(publish(hanging))).await.unwrap_err();
    assert!(matches!(&refused, SendError::NotSent(reason) if reason.contains("loopback")), "{refused:?}");
}

fn client_that_allows_nothing() -> WayOut {
    patient_client(ClientOptions::default())
}

#[tokio::test]
async fn a_message_larger_than_the_server_takes_is_not_sent() {
    let address = receiver(|mut stream| async move {
        greet(&mut stream, r#"{"max_payload":5}"#).await;
        stream.write_all(b"PONG\r\n").await.unwrap();
        read_to_end(stream).await;
    })
    .await;
    let failed = bounded(patient_client(allowing(&["127.0.0.1/32"])).send(publish(address))).await.unwrap_err();
    insta::assert_snapshot!(failed, @"the message has 11 bytes; the server takes 5 at most");
}
