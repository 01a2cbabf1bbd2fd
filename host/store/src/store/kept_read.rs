//! A read whose cost grows with what is stored, and whose result is kept for a while.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// The result is kept for so many times as long as the read took: at most 2 % of the time goes into reading.
const KEPT_TIMES: u32 = 50;
/// A read that is as fast as this is done again each time.
const FAST: Duration = Duration::from_millis(5);

/// The last result of a read.
#[derive(Debug)]
pub(super) struct KeptRead<T>(Mutex<Option<Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    result: Arc<T>,
    read_at: Instant,
    took: Duration,
}

impl<T> Default for KeptRead<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> KeptRead<T> {
    /// Returns the result that is kept, or reads it. One caller reads at a time, and those who waited get its result.
    pub(super) async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let mut kept = self.0.lock().await;
        if let Some(Kept { result, read_at, took }) = &*kept
            && is_kept(read_at.elapsed(), *took)
        {
            return Ok(result.clone());
        }
        let read_at = Instant::now();
        let result = Arc::new(read.await?);
        *kept = Some(Kept { result: result.clone(), read_at, took: read_at.elapsed() });
        Ok(result)
    }
}

fn is_kept(age: Duration, took: Duration) -> bool {
    took > FAST && age < took * KEPT_TIMES
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::{cell::Cell, convert::Infallible};

    use super::*;

    #[test]
    fn a_result_is_kept_for_fifty_times_as_long_as_a_slow_read_took() {
        let ms = Duration::from_millis;
        assert!(!is_kept(ms(0), ms(5)), "a fast read is done again");
        assert!(is_kept(ms(4999), ms(100)));
        assert!(!is_kept(ms(5000), ms(100)));
    }

    #[tokio::test]
    async fn a_slow_read_is_done_once_and_a_fast_one_each_time() {
        for (takes, reads) in [(Duration::from_millis(50), 1), (Duration::ZERO, 3)] {
            let (kept, done) = (KeptRead::default(), Cell::new(0));
            for _ in 0..3 {
                let read = async {
                    tokio::time::sleep(takes).await;
                    done.set(done.get() + 1);
                    Ok::<_, Infallible>(done.get())
                };
                kept.get(read).await.unwrap();
            }
            assert_eq!(done.get(), reads);
        }
    }
}
