//! Running a call: the engine, a store per call, its limits and faults, and who runs when.
//!
//! [`execute`](execute::execute) makes one call. [`State`](state::State) is the data of its store. [`Pool`](pool::Pool)
//! lives as long as the process and holds the engine, the thread of ticks and the thread of long calls.

mod call;
mod call_guard;
pub(crate) mod clock;
pub(crate) mod engine;
pub(crate) mod execute;
mod fault;
mod gate;
pub(crate) mod host_function;
mod limits;
mod long_calls;
pub(crate) mod pool;
mod shape_fault;
pub(crate) mod state;
mod swap;
mod ticker;

pub use call::Call;
pub use call_guard::CallGuard;
pub use engine::{EngineConfig, EngineError, Wiping};
pub use fault::Fault;
pub use gate::{Gate, Permit};
pub use limits::Limits;
pub use shape_fault::ShapeFault;
pub use swap::{SwapPossible, swap_possible};
