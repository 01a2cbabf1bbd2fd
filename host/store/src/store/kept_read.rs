//! A read whose cost grows with what is stored, and whose result is kept for a while.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// The result is kept for so many times as long as the read took: at most 2 % of the time goes into reading.
const KEPT_TIMES: u32 = 50;
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
    ///
    /// A result of which `is_costly` is false is read anew each time, however long it took on a busy machine.
    pub(super) async fn get<E>(
        &self,
        read: impl Future<Output = Result<T, E>>,
        is_costly: impl Fn(&T) -> bool,
    ) -> Result<Arc<T>, E> {
        let mut kept = self.0.lock().await;
        if let Some(Kept { result, read_at, took }) = &*kept
            && is_costly(result)
            && read_at.elapsed() < *took * KEPT_TIMES
        {
            return Ok(result.clone());
        }
        let read_at = Instant::now();
        let result = Arc::new(read.await?);
        *kept = Some(Kept { result: result.clone(), read_at, took: read_at.elapsed() });
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::{cell::Cell, convert::Infallible};

    use super::*;

    #[tokio::test]
    async fn a_costly_result_is_kept_and_another_read_each_time() {
        for (is_costly, reads) in [(true, 1), (false, 3)] {
            let (kept, done) = (KeptRead::default(), Cell::new(0));
            for _ in 0..3 {
                let read = async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    done.set(done.get() + 1);
                    Ok::<_, Infallible>(done.get())
                };
                kept.get(read, |_| is_costly).await.unwrap();
            }
            assert_eq!(done.get(), reads);
        }
    }

    #[tokio::test]
    async fn a_result_is_kept_for_fifty_times_as_long_as_its_read_took() {
        let (kept, done) = (KeptRead::default(), Cell::new(0));
        for _ in 0..2 {
            let read = async {
                done.set(done.get() + 1);
                Ok::<_, Infallible>(done.get())
            };
            kept.get(read, |_| true).await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(done.get(), 2, "a read that took next to no time is done again");
    }
}
