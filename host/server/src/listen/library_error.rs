//! The answers that the HTTP library gives by itself, to what it cannot read as a request. They have no body; these have.

/// Returns the status of an answer, if `bytes` begin with one that reports an error of the client.
pub(super) fn status(bytes: &[u8]) -> Option<u16> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status: u16 = std::str::from_utf8(status).ok()?.parse().ok()?;
    (400..500).contains(&status).then_some(status)
}

/// Returns the answer with a sentence.
pub(super) fn with_sentence(status: u16) -> Vec<u8> {
    let (reason, code, message) = match status {
        431 => (
            "Request Header Fields Too Large",
            "head_too_large",
            "the request's head is too large; at most 100 headers and 64 KiB are taken, and a proxy may add headers of its own",
        ),
        414 => ("URI Too Long", "uri_too_long", "the request's path and query are too long; send the data in the body"),
        _ => (
            "Bad Request",
            "not_http",
            "this cannot be read as an HTTP/1.1 request: the request line, a header or the length of the body is wrong, or TLS was \
             spoken to a port without TLS; look at what the sender or its proxy sends",
        ),
    };
    let status = if matches!(status, 414 | 431) { status } else { 400 };
    let body = format!("{{\"code\":\"{code}\",\"message\":\"{message}\",\"field\":null}}\n");
    let length = body.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\nconnection: close\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
         cache-control: no-store\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_client_are_told_apart() {
        assert_eq!(status(b"HTTP/1.1 431 Request Header Fields Too Large\r\n"), Some(431));
        assert_eq!(status(b"HTTP/1.1 400 Bad Request\r\n"), Some(400));
        for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.1 503 x", b"HTTP/1.1 4", b"HTTP/1.0 400 x", b""] {
            assert_eq!(status(other), None);
        }
    }

    #[test]
    fn every_answer_is_a_whole_one() {
        for sent in [400, 414, 431, 417] {
            let answer = String::from_utf8(with_sentence(sent)).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(body["message"].as_str().unwrap().len() > 20 && body["code"].is_string());
        }
    }
}
