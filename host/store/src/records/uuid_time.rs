//! The time in a UUIDv7: its first 48 bits are milliseconds since 1970, big endian, so that ids sort by time.

use uuid::Uuid;

/// Returns the smallest id of a millisecond. Every id from before that time is smaller.
pub(crate) fn floor(ms: i64) -> Uuid {
    // Times before 1970 and after the year 10889 do not occur in ids.
    let ms = u64::try_from(ms).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(ms) << 80)
}

/// Returns the time in an id, in milliseconds since 1970.
pub(crate) fn time_of(id: Uuid) -> i64 {
    (id.as_u128() >> 80) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let id = Uuid::now_v7();
        let ms = time_of(id);
        assert!(floor(ms) <= id);
        assert!(id < floor(ms + 1));
        assert_eq!(time_of(floor(ms)), ms);
        assert_eq!(floor(-5), Uuid::nil());
    }
}
