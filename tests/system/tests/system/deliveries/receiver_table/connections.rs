//! Receivers to which no connection is made. Nothing is sent to them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Row, SCHEDULE, check, webhook};
use crate::{clients, deliveries::Deliveries};

const PATIENCE: Duration = Duration::from_secs(60);

/// A receiver that speaks one version of TLS, ended when dropped.
struct TlsReceiver {
    child: Child,
    url: String,
}

impl TlsReceiver {
    fn start(certificate: &Certificate, version: &str) -> Self {
        let mut command = Command::new(clients::clients().join(".venv/bin/python"));
        command.current_dir(clients::clients()).arg("receivers/tls.py");
        command.args([&certificate.certificate, &certificate.key]).arg(version);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let spoken = lines.next().and_then(Result::ok);
        assert_eq!(spoken.as_deref(), Some(version.replace('_', ".").as_str()), "a client gets this version");
        let url = lines.next().unwrap().unwrap();
        Self { child, url }
    }
}

impl Drop for TlsReceiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files of a certificate for 127.0.0.1.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn new(directory: &Path, name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let write = |file: &str, label: &str, der: &[u8]| {
            let path = directory.join(format!("{name}-{file}.pem"));
            let base64 = STANDARD.encode(der);
            let lines: Vec<&str> =
                base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            fs::write(&path, format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")))
                .unwrap();
            path
        };
        Self {
            certificate: write("certificate", "CERTIFICATE", made.cert.der()),
            key: write("key", "PRIVATE KEY", &made.signing_key.serialize_der()),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_sent_nothing() {
    let rows = vec![
        Row::not_sent("no-name", webhook("http://no-such-host.invalid/"), "cannot be looked up"),
        Row::not_sent("private", webhook("http://10.0.0.1/"), "10.0.0.1"),
        Row::not_sent("metadata", webhook("http://169.254.169.254/latest/meta-data"), "169.254.169.254"),
        Row::not_sent("spelled-oddly", webhook("http://0xa.1/"), "10.0.0.1"),
        Row::not_sent("mapped", webhook("http://[::ffff:10.0.0.1]/"), "may not be reached"),
        Row::not_sent("closed-port", webhook("http://127.0.0.1:1/"), "no connection to"),
    ];
    check(&Deliveries::start_with(SCHEDULE).await, rows, PATIENCE).await;
}

#[tokio::test]
async fn only_trusted_certificates_and_new_versions_of_tls_are_taken() {
    if !clients::is_installed() {
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let trusted = Certificate::new(directory.path(), "trusted");
    let unknown = Certificate::new(directory.path(), "unknown");
    let options = crate::deliveries::options(SCHEDULE).env("SSL_CERT_FILE", trusted.certificate.to_str().unwrap());
    let deliveries = Deliveries::start_on(options).await;
    let receivers = ["TLSv1_1", "TLSv1_2", "TLSv1_3"].map(|version| TlsReceiver::start(&trusted, version));
    let untrusted = TlsReceiver::start(&unknown, "TLSv1_3");
    let rows = vec![
        Row::delivered("tls-1-2", webhook(&receivers[1].url)),
        Row::delivered("tls-1-3", webhook(&receivers[2].url)),
        Row::not_sent("tls-1-1", webhook(&receivers[0].url), "ProtocolVersion"),
        Row::not_sent("unknown-issuer", webhook(&untrusted.url), "certificate"),
    ];
    check(&deliveries, rows, PATIENCE).await;
}
