//! One call: a store, a deadline, an instance, a function; then the store is dropped.

use std::time::{Duration, Instant};

use inlet_core::contract::Spent;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use super::{
    call::Call,
    clock::OutOfTime,
    fault::Fault,
    limits::Limits,
    pool::Pool,
    state::{
        CallInput, State,
        memory::{MemoryExceeded, TableExceeded},
    },
};

/// Runs `work` on a new store.
pub(crate) async fn execute<T>(
    pool: &Pool,
    limits: &Limits,
    input: CallInput,
    work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> Call<T> {
    let start = Instant::now();
    let bytes = input.bytes;
    let bounds = Bounds { time: limits.time_for(bytes), lifted: limits.lifted_for(bytes), body: bytes };
    let mut store = Store::new(&pool.engine, State::new(limits, pool.max_memory, input));
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(bounds.lifted);
    if pool.counts_instructions {
        // No call can use that much within its time: the fuel counts and never stops a call.
        let _ = store.set_fuel(u64::MAX);
    }
    // Set before instantiation, because start functions are guest code too.
    check_clock_at_ticks(&mut store);
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

/// Makes the guest yield after every time slice, and stops it when it is out of time.
fn check_clock_at_ticks(store: &mut Store<State>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        Ok(match store.data_mut().clock.check()? {
            None => UpdateDeadline::Continue(1),
            Some(slice_end) => UpdateDeadline::YieldCustom(1, Box::pin(slice_end.wait())),
        })
    });
}

/// The limits of one call for its body size, as its faults quote them.
struct Bounds {
    time: Duration,
    lifted: usize,
    body: usize,
}

impl Bounds {
    /// Returns the elapsed time after which a call is dropped even if no tick stops it. It is far above the running
    /// time, which is the limit that normally applies.
    fn backstop(&self) -> Duration {
        self.time.saturating_mul(8)
    }

    fn time_fault(&self) -> Fault {
        Fault::Time { limit: self.time, body: self.body }
    }

    fn waited(&self) -> Fault {
        // The thread of long calls knows whose calls it waited for, and corrects the last field.
        Fault::Waited { waited: self.backstop(), limit: self.time, behind_own_source: false }
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
            Some(trap) => describe(*trap),
            None => error.root_cause().to_string(),
        };
        if message.contains(HOSTCALL_FUEL_EXHAUSTED) {
            return Fault::Lifted { limit: self.lifted, body: self.body };
        }
        Fault::Trap { message }
    }
}

/// Returns wasmtime's name of a trap, followed by its likely cause if the name alone does not tell an author.
fn describe(trap: Trap) -> String {
    let words = trap.to_string();
    let words = words.trim_start_matches("wasm trap: ");
    match trap {
        // Toolchains put the stack at the start of memory, so that an overflow runs out of bounds.
        Trap::MemoryOutOfBounds => format!("{words} (a recursion that is too deep, or a stray pointer)"),
        Trap::StackOverflow => format!("{words} (a recursion that is too deep)"),
        _ => words.to_owned(),
    }
}

/// Part of wasmtime's message. The error's type is private to wasmtime; a test fails if the message changes.
const HOSTCALL_FUEL_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";
