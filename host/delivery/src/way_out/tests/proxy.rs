//! Connections through a proxy.

use tokio::{
    io::{AsyncWriteExt as _, copy_bidirectional},
    net::TcpStream,
    sync::mpsc,
};

use super::{super::*, Answers, allowing, bounded, patient_client, post};
use crate::test_receiver::{answer, read_head, receiver};

#[tokio::test]
async fn a_proxy_gets_checked_addresses_and_its_credentials() {
    let address =
        receiver(|stream| answer(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
    let (seen, mut heads) = mpsc::unbounded_channel();
    let proxy = receiver(move |mut stream| {
        let seen = seen.clone();
        async move {
            let head = read_head(&mut stream).await;
            let target = head.split(' ').nth(1).unwrap().to_owned();
            seen.send(head).unwrap();
            let mut onward = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut onward).await;
        }
    })
    .await;
    let resolver = Answers::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let proxy = HttpProxy::parse(&format!("http://inlet:p%40ss@{proxy}")).unwrap();
    assert!(!format!("{proxy:?}").contains("ss@"));
    let options = ClientOptions { resolver, proxy: Some(proxy), ..allowing(&["127.0.0.1/32"]) };
    let client = patient_client(options);
    let url = format!("http://through.example:{}/", address.port());
    bounded(client.send(post(&url))).await.unwrap();
    let head = bounded(heads.recv()).await.unwrap().to_ascii_lowercase();
    assert!(head.starts_with(&format!("connect {address} http/1.1\r\n")), "{head}");
    // inlet:p@ss
    assert!(head.contains("\r\nproxy-authorization: basic aw5szxq6cebzcw==\r\n"), "{head}");

    let refused = bounded(client.send(post(&url))).await.unwrap_err();
    assert!(matches!(&refused, SendError::NotSent(reason) if reason.contains("10.0.0.1 is private")), "{refused:?}");
    assert!(heads.try_recv().is_err());
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error_before_anything_was_sent() {
    let proxy = receiver(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    })
    .await;
    let proxy = HttpProxy::parse(&format!("http://{proxy}"));
    let client = patient_client(ClientOptions { proxy, ..allowing(&["127.0.0.1/32"]) });
    let failed = bounded(client.send(post("http://127.0.0.1:9/"))).await.unwrap_err();
    assert!(
        matches!(&failed, SendError::NotSent(reason) if reason.contains("the proxy opened no tunnel")),
        "{failed:?}"
    );
}

#[test]
fn a_proxy_is_an_http_url() {
    for bad in ["", "proxy:3128", "https://proxy:3128", "socks5://proxy", "http://"] {
        assert!(HttpProxy::parse(bad).is_none(), "{bad}");
    }
    assert!(HttpProxy::parse("http://proxy.internal:3128").is_some());
}
