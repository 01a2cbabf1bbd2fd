//! The format of a body that is not JSON, told by how the body begins, so that its sender's engineer reads the cause and
//! not the first character that a JSON parser met.

/// Bytes of a body that are looked at.
const LOOKED_AT: usize = 4096;

/// Returns a sentence about a body that is in another format; `None` if no other format is recognised.
pub(crate) fn sentence(body: &[u8]) -> Option<&'static str> {
    if let Some(sentence) = binary(body) {
        return Some(sentence);
    }
    let text = body.get(..LOOKED_AT).unwrap_or(body).trim_ascii_start();
    Some(match text.first()? {
        b'<' => "The body is XML or HTML. Send JSON.",
        b'-' if text.starts_with(b"--") && contains(text, b"content-disposition:") => {
            "The body is a multipart form. Send JSON as the whole body."
        }
        b'{' if text.get(1..)?.trim_ascii_start().starts_with(b"'") => {
            "The body is not JSON: its keys and strings stand in single quotes, as a program prints an object. Write it with \
             a JSON encoder."
        }
        b'[' if text.starts_with(b"[object ") => {
            "The body is `[object …]`, as JavaScript prints an object. Send `JSON.stringify` of it."
        }
        _ if is_form(text) => "The body is a form (`name=value&…`). Send JSON with `Content-Type: application/json`.",
        b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' => return None,
        _ if ["true", "false", "null"].iter().any(|word| text.starts_with(word.as_bytes())) => return None,
        _ => "The body is text and not JSON: it begins with neither `{` nor `[`. Send a JSON object.",
    })
}

/// Returns a sentence about a body that is compressed or in another encoding than UTF-8; `None` if neither is recognised.
pub(crate) fn binary(body: &[u8]) -> Option<&'static str> {
    Some(match body {
        [0x1f, 0x8b, ..] => {
            "The body is compressed with gzip, and no header says so. Send `Content-Encoding: gzip`, or send the body plain."
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "The body is compressed with zstd. Send it plain or with gzip.",
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            "The body is compressed with zlib (deflate). Send it plain, or with gzip and `Content-Encoding: gzip`."
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
            "The body is UTF-16 or UTF-32. Send JSON encoded as UTF-8."
        }
        _ => return None,
    })
}

/// Returns true for a URL-encoded form: a name of its characters, then `=`.
fn is_form(text: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.~%+*[]".contains(byte);
    let name = text.iter().take_while(|byte| is_of_name(byte)).count();
    // A text of several lines is not one; `x = 1` is not either.
    name > 0 && text.get(name) == Some(&b'=') && !text.trim_ascii_end().iter().any(|byte| b" \n\r\t{".contains(byte))
}

fn contains(text: &[u8], lower: &[u8]) -> bool {
    text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use super::{binary, sentence};

    #[test]
    fn a_body_in_another_format_is_named() {
        let named: [(&[u8], &str); 14] = [
            (b"event=Order+Completed&userId=u_1", "form"),
            (b"a%5B0%5D=1", "form"),
            (b"payload=%7B%22a%22%3A1%7D", "form"),
            (b"<?xml version=\"1.0\"?><a/>", "XML"),
            (b"\n <!doctype html>", "XML"),
            (b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--", "multipart"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"\x28\xb5\x2f\xfd\x00", "zstd"),
            (b"\x78\x9c\x00", "zlib"),
            (b"\xff\xfe{\x00", "UTF-16"),
            (b"{\x00\"\x00", "UTF-16"),
            (b"{'event': 'E'}", "single quotes"),
            (b"Order completed", "text"),
            (b"[object Object]", "JSON.stringify"),
        ];
        for (body, word) in named {
            let found = sentence(body).unwrap_or("expected value");
            assert!(found.contains(word), "{}: {found}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn damaged_json_is_left_to_the_parser() {
        for body in ["{\"a\":1,}", "[1,", "{", "\"a", "-", "12a", "truex", "x^", ""] {
            assert_eq!(sentence(body.as_bytes()).is_none(), body != "x^", "{body}");
        }
        assert_eq!(binary(b"{\"a\":\"\xff\"}"), None);
    }
}
