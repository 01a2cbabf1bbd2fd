//! Request templates: the bytes are made once, and ids are overwritten in place for each event.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Size of one event in bytes.
pub const EVENT_BYTES: usize = 1024;
/// Placeholder for sixteen hexadecimal digits, which are an event's message id and its user.
pub const MARK: &str = "@@@@@@@@@@@@@@@@";

/// A request that can be sent repeatedly, each time with new ids.
#[derive(Debug, Clone)]
pub struct Template {
    bytes: Vec<u8>,
    marks: Arc<[usize]>,
    /// The number of marks that get the same id.
    marks_per_id: usize,
}

impl Template {
    /// Creates a request with this number of events: a single object, or an array.
    pub fn new(path: &str, events: usize) -> Self {
        let event = event();
        let body = match events {
            1 => event,
            _ => format!("[{}]", vec![event; events].join(",")),
        };
        Self::of(path, &body, 2)
    }

    /// Creates a request with this body. The marks in it get new ids each time, this number of neighbours the same one.
    pub fn of(path: &str, body: &str, marks_per_id: usize) -> Self {
        let bytes = request(path, "", body);
        let windows = bytes.windows(MARK.len()).enumerate();
        let marks = windows.filter(|(_, window)| *window == MARK.as_bytes()).map(|(at, _)| at).collect();
        Self { bytes, marks, marks_per_id }
    }

    /// Creates a request without ids, with further header lines. A credential is valid for one body only.
    pub fn same(path: &str, headers: &str, body: &str) -> Self {
        Self { bytes: request(path, headers, body), marks: Arc::new([]), marks_per_id: 1 }
    }

    /// Returns the request's bytes with new ids.
    pub fn next(&mut self) -> &[u8] {
        for neighbours in self.marks.chunks(self.marks_per_id) {
            let digits = hex(next_id());
            for at in neighbours {
                self.bytes[*at..*at + MARK.len()].copy_from_slice(&digits);
            }
        }
        &self.bytes
    }
}

fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Segment (Actions)\r\n\
         content-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Returns one event with new ids.
pub fn one_event() -> String {
    event().replace(MARK, "0123456789abcdef")
}

/// Returns a track call as Segment sends it, of exactly [`EVENT_BYTES`].
fn event() -> String {
    let start = r#"{"type":"track","event":"Order Completed","messageId":"ajs-next-1700000000000-@@@@@@@@@@@@@@@@","anonymousId":"8f1c2f0e-5d0b-4b8e-9a5b-0b9d7c1f2a3e","userId":"u_@@@@@@@@@@@@@@@@","properties":{"order_id":"o-10042","total":39.50,"currency":"EUR","coupon":null,"products":[{"sku":"inl-1","name":"Mug, naïve","price":12.25,"quantity":2},{"sku":"inl-7","name":"Poster","price":15.00,"quantity":1}],"notes":""#;
    let end = r#""},"context":{"ip":"203.0.113.7","locale":"en-GB","timezone":"Europe/Lisbon","library":{"name":"analytics.js","version":"next-1.70.0"},"page":{"path":"/checkout/done","title":"Thank you","url":"https://shop.example.com/checkout/done"},"traits":{"email":"ana@example.com","plan":"pro"},"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"},"originalTimestamp":"2026-01-02T03:04:05.601Z","timestamp":"2026-01-02T03:04:05.678Z","version":2}"#;
    let padding = "x".repeat(EVENT_BYTES.saturating_sub(start.len() + end.len()));
    format!("{start}{padding}{end}")
}

/// Returns a number that is unique over all runs.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static FIRST: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    let first = FIRST.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or_default()
    });
    first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))
}

fn hex(mut number: u64) -> [u8; MARK.len()] {
    let mut digits = [0; MARK.len()];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_of_the_size_that_is_promised() -> serde_json::Result<()> {
        assert_eq!(event().len(), EVENT_BYTES);
        serde_json::from_str::<serde_json::Value>(&event()).map(drop)
    }

    #[test]
    fn no_two_events_share_an_id() {
        let mut template = Template::new("/", 3);
        assert_eq!(template.marks.len(), 6);
        let mut ids = std::collections::HashSet::new();
        for _ in 0..2 {
            let marks = template.marks.clone();
            let bytes = template.next();
            for pair in marks.chunks_exact(2) {
                assert_eq!(bytes[pair[0]..pair[0] + 16], bytes[pair[1]..pair[1] + 16]);
                assert!(ids.insert(bytes[pair[0]..pair[0] + 16].to_vec()));
            }
        }
    }

    #[test]
    fn numbers_become_digits() {
        assert_eq!(&hex(0x1f), b"000000000000001f");
    }
}
