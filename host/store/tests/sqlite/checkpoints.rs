//! The write-ahead log is copied into the database while commits go on, and then overwritten from its start.

use std::fs;

use crate::suite::support::{Event, Fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_short_under_steady_load() {
    let fixture = Fixture::new().await;
    let item = format!(r#"{{"data":{{}},"padding":"{}"}}"#, "p".repeat(1 << 20));
    let log = fixture.database.path().join("inlet.db-wal");
    let mut committed = 0;
    // The disk decides how soon the log is overwritten.
    for _ in 0..400 {
        fixture.commit(Event::new("t", &item)).await;
        committed += item.len() as u64;
        if committed > 2 * fs::metadata(&log).unwrap().len() && committed > 40 << 20 {
            return;
        }
    }
    panic!("{committed} bytes were committed and the log was never overwritten from its start");
}
