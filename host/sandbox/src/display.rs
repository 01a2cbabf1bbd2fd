//! Formatting of sizes and quoted names in error sentences.

const MIB: usize = 1 << 20;
const KIB: usize = 1 << 10;

/// Formats a number of bytes: `912 bytes`, `64 KiB`, `16.5 MiB`.
pub(crate) fn format_bytes(count: usize) -> String {
    match count {
        MIB.. => {
            let written = format!("{:.1}", count as f64 / MIB as f64);
            format!("{} MiB", written.trim_end_matches(".0"))
        }
        KIB.. if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{count} bytes"),
    }
}

/// Truncates a text to 300 bytes, at a character boundary. Names and values taken from plugins can have any size.
pub(crate) fn shorten(text: &str) -> String {
    const MAX_BYTES: usize = 300;
    match text.len() {
        ..=MAX_BYTES => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(MAX_BYTES)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_given_in_the_largest_suitable_unit() {
        assert_eq!(format_bytes(912), "912 bytes");
        assert_eq!(format_bytes(64 * KIB), "64 KiB");
        assert_eq!(format_bytes(64 * KIB + 1), "65537 bytes");
        assert_eq!(format_bytes(256 * MIB), "256 MiB");
        assert_eq!(format_bytes(16 * MIB + 8), "16 MiB");
        assert_eq!(format_bytes(16 * MIB + 512 * KIB), "16.5 MiB");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten(&"a".repeat(300)), "a".repeat(300));
        assert_eq!(shorten(&"\u{2603}".repeat(101)), format!("{}…", "\u{2603}".repeat(100)));
    }
}
