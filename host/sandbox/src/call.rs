//! One call: a store, a deadline, an instance, a function, and all of it dropped again.

use std::time::{Duration, Instant};

use inlet_core::contract::{GuestLog, Spent};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use crate::{
    clock::{self, OutOfTime},
    engine::Inner,
    fault::Fault,
    limits::Limits,
    state::{MemoryExceeded, State, TableExceeded},
};

/// What a call gave, what the plugin said meanwhile, and what it cost. The last two are there whatever the first is.
#[derive(Debug)]
pub struct Call<T> {
    /// What the plugin returned, bounded and converted, or why it returned nothing.
    pub result: Result<T, Fault>,
    /// The newest lines that it logged.
    pub logs: Vec<GuestLog>,
    /// How many lines are not among them.
    pub logs_dropped: u32,
    /// What it cost.
    pub spent: Spent,
}

impl<T> Call<T> {
    pub(crate) fn and_then<U>(self, convert: impl FnOnce(T) -> Result<U, Fault>) -> Call<U> {
        Call {
            result: self.result.and_then(convert),
            logs: self.logs,
            logs_dropped: self.logs_dropped,
            spent: self.spent,
        }
    }
}

/// What is held for a call, until its sandbox is gone.
pub trait Held: Send + 'static {
    /// Who made the call, by a number of the caller's: whose calls hold up whose is told by it.
    fn source(&self) -> i64 {
        0
    }

    /// The call has ended, well or with this fault. Nobody may be waiting for what it gave.
    fn ended(&self, _fault: Option<&Fault>, _spent: &Spent) {}
}

impl Held for () {}

/// What a call is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Given {
    /// The size of what the plugin is given, which its time and its output are measured by.
    pub(crate) bytes: usize,
    /// Where its clocks stand.
    pub(crate) now_ms: u64,
}

/// Runs `work` on a new store.
pub(crate) async fn call<T>(
    inner: &Inner,
    limits: &Limits,
    given: Given,
    work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> Call<T> {
    let start = Instant::now();
    let bytes = given.bytes;
    let bounds = Bounds { time: limits.time_for(bytes), lifted: limits.lifted_for(bytes), body: bytes };
    let mut store = Store::new(&inner.engine, State::new(limits, inner.max_memory, given));
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(bounds.lifted);
    if inner.counts {
        // More than any call can use within its time: it counts and never stops.
        let _ = store.set_fuel(u64::MAX);
    }
    // Before instantiation: start functions are the guest's code too.
    clock::start(&mut store);
    let result = tokio::time::timeout(bounds.backstop(), work(&mut store)).await;
    let result = match result {
        Ok(result) => result.map_err(|error| bounds.fault(&error)),
        Err(_) => Err(bounds.waited()),
    };
    let instructions = store.get_fuel().ok().map(|left| u64::MAX - left);
    let state = store.into_data();
    let memory = state.memory.used();
    let (logs, logs_dropped) = state.into_logs();
    Call { result, logs, logs_dropped, spent: Spent { wall: start.elapsed(), memory, instructions } }
}

/// What a call is measured by, for the sentences of its faults.
struct Bounds {
    time: Duration,
    lifted: usize,
    body: usize,
}

impl Bounds {
    /// When the call is dropped whatever the ticker says. Far behind the running time, which is the limit that counts.
    fn backstop(&self) -> Duration {
        self.time.saturating_mul(8)
    }

    fn time_fault(&self) -> Fault {
        Fault::Time { limit: self.time, body: self.body }
    }

    fn waited(&self) -> Fault {
        // Whom it waited for is known where it waited.
        Fault::Waited { waited: self.backstop(), limit: self.time, behind_own: false }
    }

    fn fault(&self, error: &wasmtime::Error) -> Fault {
        if error.is::<OutOfTime>() {
            return self.time_fault();
        }
        if let Some(exceeded) = error.downcast_ref::<MemoryExceeded>() {
            return Fault::Memory { wanted: exceeded.wanted, limit: exceeded.limit };
        }
        if let Some(exceeded) = error.downcast_ref::<TableExceeded>() {
            return Fault::Table { wanted: exceeded.wanted, limit: exceeded.limit };
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return Fault::Busy;
        }
        let message = match error.downcast_ref::<Trap>() {
            Some(trap) => described(*trap),
            None => error.root_cause().to_string(),
        };
        if message.contains(LIFTED_TOO_MUCH) {
            return Fault::Lifted { limit: self.lifted, body: self.body };
        }
        Fault::Trap { message }
    }
}

/// A trap in wasmtime's words, and in an author's where those alone would puzzle one.
fn described(trap: Trap) -> String {
    let words = trap.to_string();
    let words = words.trim_start_matches("wasm trap: ");
    match trap {
        // A stack that overflows runs out of the front of memory: toolchains put it there.
        Trap::MemoryOutOfBounds => format!("{words} (a recursion that is too deep, or a stray pointer)"),
        Trap::StackOverflow => format!("{words} (a recursion that is too deep)"),
        _ => words.to_owned(),
    }
}

/// wasmtime keeps this error's type to itself. A test fails when its words change.
const LIFTED_TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";
