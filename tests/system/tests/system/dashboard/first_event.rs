//! From an empty directory to a first delivered event by the dashboard alone.

use inlet_system_tests::{Receiver, binary};
use serde_json::json;

use super::{has_browser, play_alone};

/// Prints the steps and the seconds.
#[tokio::test]
async fn a_first_event_is_delivered_by_the_dashboard_alone() {
    if !has_browser() {
        return;
    }
    let (directory, receiver) = (tempfile::TempDir::new().unwrap(), Receiver::start());
    let input = json!({
        "binary": binary(),
        "directory": directory.path(),
        "receiver": receiver.url,
        // The receiver is on this machine.
        "env": {"INLET_DELIVERY_ALLOWED_ADDRESSES": "[\"127.0.0.0/8\"]"},
    });
    println!("{}", play_alone("first_event", &input));
    let requests = receiver.wait_for(1).await;
    assert_eq!(requests[0].json()["data"]["data"]["order_id"], "o-1", "{requests:?}");
}
