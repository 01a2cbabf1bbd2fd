//! The content encodings and transfer encodings that are known.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_ENCODING, TRANSFER_ENCODING},
};

use crate::ingest::error::IngestError;

/// The longest value that an error sentence repeats, in bytes.
const MAX_SHOWN: usize = 64;

/// Returns true if the body is compressed with one `gzip`, the only content encoding that is known.
pub(super) fn is_gzip(headers: &HeaderMap) -> Result<bool, IngestError> {
    let codings = codings(headers, CONTENT_ENCODING);
    let codings: Vec<&str> = codings.iter().map(String::as_str).filter(|coding| *coding != "identity").collect();
    match codings.as_slice() {
        [] => Ok(false),
        ["gzip" | "x-gzip"] => Ok(true),
        [charset] if is_charset(charset) => Err(IngestError::Charset { found: shown(headers, CONTENT_ENCODING) }),
        _ => Err(IngestError::Encoding { found: shown(headers, CONTENT_ENCODING) }),
    }
}

/// Refuses a transfer encoding besides `chunked`. The HTTP library removes the chunks only, so that a body that is
/// compressed for the transfer would be taken for its content.
pub(super) fn check_transfer(headers: &HeaderMap) -> Result<(), IngestError> {
    match codings(headers, TRANSFER_ENCODING).iter().all(|coding| coding == "chunked" || coding == "identity") {
        true => Ok(()),
        false => Err(IngestError::TransferEncoding { found: shown(headers, TRANSFER_ENCODING) }),
    }
}

/// Returns the elements of a header that is a list, in lower case.
fn codings(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
    let codings = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    codings.filter(|coding| !coding.is_empty()).map(str::to_owned).collect()
}

/// Returns true for the name of a charset, which senders mix up with an encoding.
fn is_charset(coding: &str) -> bool {
    let starts = ["utf-", "utf8", "utf16", "iso-8859", "windows-125", "latin", "charset"];
    starts.iter().any(|start| coding.starts_with(start)) || matches!(coding, "ascii" | "us-ascii")
}

/// Returns a header as it was sent, for an error sentence.
fn shown(headers: &HeaderMap, name: HeaderName) -> String {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let text: String = values.join(", ").chars().filter(|char| !char.is_control()).collect();
    match text.char_indices().find(|(at, char)| at + char.len_utf8() > MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[test]
    fn one_gzip_is_known_and_everything_else_is_named() {
        let read = |values: &[&[u8]]| is_gzip(&headers(CONTENT_ENCODING, values)).map_err(|error| error.to_string());
        assert_eq!(read(&[]), Ok(false));
        assert_eq!(read(&[b"", b"identity"]), Ok(false));
        assert_eq!(read(&[b"GZIP"]), Ok(true));
        assert_eq!(read(&[b"identity, x-gzip"]), Ok(true));
        let error = |values: &[&[u8]]| read(values).unwrap_err();
        insta::assert_snapshot!(error(&[b"UTF-8"]), @r#"the content encoding is "UTF-8", which is a charset and not an encoding; leave the header content-encoding out, and name the charset in content-type"#);
        insta::assert_snapshot!(error(&[b"br"]), @r#"the content encoding is "br", which is not supported; send the body plain or with one gzip"#);
        insta::assert_snapshot!(error(&[b"gzip", b"gzip"]), @r#"the content encoding is "gzip, gzip", which is not supported; send the body plain or with one gzip"#);
        insta::assert_snapshot!(error(&[b"\xff"]), @r#"the content encoding is "�", which is not supported; send the body plain or with one gzip"#);
        assert!(error(&[&[b'x'; 5000]]).len() < 250);
    }

    #[test]
    fn a_body_that_is_compressed_for_the_transfer_is_refused() {
        let check =
            |values: &[&[u8]]| check_transfer(&headers(TRANSFER_ENCODING, values)).map_err(|error| error.to_string());
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[b"Chunked"]), Ok(()));
        insta::assert_snapshot!(check(&[b"gzip, chunked"]).unwrap_err(), @r#"the transfer encoding is "gzip, chunked", and only chunked is supported; compress the body as content instead (content-encoding: gzip)"#);
    }
}
