//! The result of one call into a plugin.

use inlet_core::contract::{GuestLog, Spent};

use super::fault::Fault;

/// The result of one call. Log lines and costs are present whether or not the call succeeded.
#[derive(Debug)]
pub struct Call<T> {
    /// The plugin's output, checked and converted, or the reason why there is none.
    pub result: Result<T, Fault>,
    /// The newest lines that the plugin logged, oldest first.
    pub logs: Vec<GuestLog>,
    /// Number of older lines that were dropped.
    pub logs_dropped: u32,
    /// Time, memory and instructions used.
    pub spent: Spent,
}

impl<T> Call<T> {
    /// A call that ended before it had a sandbox.
    pub(crate) fn failed(fault: Fault) -> Self {
        Call { result: Err(fault), logs: Vec::new(), logs_dropped: 0, spent: Spent::default() }
    }

    pub(crate) fn and_then<U>(self, convert: impl FnOnce(T) -> Result<U, Fault>) -> Call<U> {
        Call {
            result: self.result.and_then(convert),
            logs: self.logs,
            logs_dropped: self.logs_dropped,
            spent: self.spent,
        }
    }
}
