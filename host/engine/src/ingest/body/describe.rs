//! Descriptions of bodies, for the engineer of the sender. They never quote the content.

/// Describes the first bytes of a body that is announced as gzip and cannot be inflated.
pub(super) fn describe(first: &[u8]) -> &'static str {
    let text = std::str::from_utf8(first).map_or_else(
        // The first bytes may end within a character.
        |error| std::str::from_utf8(&first[..error.valid_up_to()]).ok().filter(|_| error.error_len().is_none()),
        Some,
    );
    match (first, text.map(|text| text.trim_start_matches('\u{feff}').trim_start())) {
        ([0x1f, 0x8b, ..], _) => "gzip that is damaged or breaks off",
        ([0x78, 0x01 | 0x5e | 0x9c | 0xda, ..], None) => "zlib data (the encoding deflate)",
        ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => "zstd data",
        (_, Some("")) => "empty",
        (_, Some(text)) if text.starts_with("H4sI") => "gzip that is written in base64",
        (_, Some(text)) if text.starts_with(['{', '[', '"']) => "JSON that is not compressed",
        (_, Some(_)) => "text that is not compressed",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_named() {
        let table: [(&[u8], &str); 10] = [
            (br#" {"a":1}"#, "JSON that is not compressed"),
            (b"\xef\xbb\xbf[1]", "JSON that is not compressed"),
            (b"{\"a\":\"\xc3", "JSON that is not compressed"),
            (b"event=Paid&userId=u_1", "text that is not compressed"),
            (b"\x1f\x8b\x08\x00", "gzip that is damaged or breaks off"),
            (b"\x78\x9c\xab\x56", "zlib data (the encoding deflate)"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd data"),
            (b"H4sIAAAAAAAA", "gzip that is written in base64"),
            (b"", "empty"),
            (b"\x00\xff\x00", "something else"),
        ];
        for (first, expected) in table {
            assert_eq!(describe(first), expected);
        }
    }
}
