//! Times in ids.

use inlet_core::{Uuid, time};

/// Returns the time in a UUIDv7, as responses show it.
pub fn inserted_at(id: Uuid) -> String {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |time| time.to_unix());
    let ms = seconds.saturating_mul(1000).saturating_add(u64::from(nanos / 1_000_000));
    time::write_ms(i64::try_from(ms).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_it_was_made() {
        let id = Uuid::try_parse("019b7c9b-7eae-7000-8000-000000000000").unwrap();
        assert_eq!(inserted_at(id), "2026-01-02T02:48:43.950Z");
        assert_eq!(inserted_at(Uuid::nil()), "1970-01-01T00:00:00.000Z");
    }
}
