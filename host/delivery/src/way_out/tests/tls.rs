//! TLS: which receivers are believed.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::{super::*, Answers, allowing, bounded, patient_client, post};
use crate::test_receiver::{read_to_end, receiver};

/// Answers one request for each connection, with a certificate for `tls.example`; returns its address and certificate.
async fn tls_receiver() -> (SocketAddr, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["tls.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = receiver(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut first = [0; 1];
            stream.read_exact(&mut first).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    (address, cert.der().clone())
}

fn trusting(certificate: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_the_name() {
    let (address, certificate) = tls_receiver().await;
    let client = |tls| {
        let resolver = Answers::new(&[&["127.0.0.1"], &["127.0.0.1"]]);
        patient_client(ClientOptions { resolver, tls, ..allowing(&["127.0.0.1/32"]) })
    };
    let url = |name| format!("https://{name}:{}/", address.port());
    let trusting = client(Some(trusting(certificate)));
    bounded(trusting.send(post(&url("tls.example")))).await.unwrap();
    let as_the_system_trusts = client(None);
    for (client, name) in [(&trusting, "other.example"), (&as_the_system_trusts, "tls.example")] {
        let failed = bounded(client.send(post(&url(name)))).await.unwrap_err();
        assert!(matches!(&failed, SendError::NotSent(reason) if reason.contains("certificate")), "{failed:?}");
    }
}

#[tokio::test]
async fn a_receiver_without_tls_is_an_error_before_anything_was_sent() {
    let address = receiver(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        read_to_end(stream).await;
    })
    .await;
    let client = patient_client(allowing(&["127.0.0.1/32"]));
    let failed = bounded(client.send(post(&format!("https://{address}/")))).await.unwrap_err();
    assert!(matches!(failed, SendError::NotSent(_)), "{failed:?}");
}
