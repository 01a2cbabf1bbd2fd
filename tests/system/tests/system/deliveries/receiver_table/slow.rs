//! Receivers that take their time. The test takes as long as the longest time limit, 40 s.

use std::{io::Write as _, thread, time::Duration};

use super::{RawReceiver, Row, SCHEDULE, check, webhook, webhook_with_success};
use crate::deliveries::Deliveries;

/// Twice the longest time limit, and more.
const PATIENCE: Duration = Duration::from_secs(100);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";

#[tokio::test]
async fn slow_receivers_run_out_of_time_and_a_late_answer_is_taken() {
    let hangs = RawReceiver::start(|stream| std::io::copy(stream, &mut std::io::sink()).map(drop));
    let late = RawReceiver::start(|stream| {
        thread::sleep(Duration::from_secs(20));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    });
    let rows = vec![
        Row::delivered("late", webhook(&late.url)),
        Row::delivered("drips-body", webhook(&RawReceiver::dripping(OK).url)),
        Row::failed(
            "drips-body-success",
            webhook_with_success(&RawReceiver::dripping(OK).url),
            "the answer's body was not there in time",
        ),
        Row::failed("hangs", webhook(&hangs.url), "no answer within 40 s"),
        Row::failed(
            "drips-head",
            webhook(&RawReceiver::dripping("HTTP/1.1 200 OK\r\nx: ").url),
            "no answer within 40 s",
        ),
    ];
    check(&Deliveries::start_with(SCHEDULE).await, rows, PATIENCE).await;
}
