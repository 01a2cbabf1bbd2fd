//! Entries about the store's time.

use inlet_core::{json, time};
use inlet_store::{Author, ClockState, NewChange};

/// Logs that the time of the system's clock was accepted.
pub fn system_time_accepted(author: Author, state: ClockState) -> NewChange {
    let store_time = |ms| json::object([("store_time", json::quote(&time::write_ms(ms)).as_str())]);
    NewChange {
        author,
        operation: "acceptSystemTime",
        resource: "clock".to_owned(),
        environment_id: None,
        before: Some(store_time(state.store_ms)),
        after: Some(store_time(state.system_ms)),
    }
}
