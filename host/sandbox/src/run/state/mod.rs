//! The data of a call's store: its clock, memory limiter, log lines, the world that WASI shows, and the plugin's rules.

pub(crate) mod frozen_world;
pub(crate) mod logs;
pub(crate) mod memory;

use std::sync::Arc;

use inlet_core::contract::GuestLog;

use self::{frozen_world::FrozenWorld, logs::Logs, memory::Memory};
use super::{clock::Clock, limits::Limits};

/// The facts about a call's input that its limits and its world depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallInput {
    /// Bytes of the body or memo passed in. Time and output limits grow with it.
    pub(crate) bytes: usize,
    /// The time that the guest's clocks show, in milliseconds since 1970.
    pub(crate) now_ms: u64,
    /// The rules of a plugin without code.
    pub(crate) rules: Arc<[u8]>,
}

/// The data of one call's store.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) memory: Memory,
    pub(crate) logs: Logs,
    pub(crate) world: FrozenWorld,
    pub(crate) rules: Arc<[u8]>,
}

impl State {
    pub(super) fn new(limits: &Limits, max_memory: usize, input: CallInput) -> Self {
        Self {
            clock: Clock::new(limits.time_for(input.bytes)),
            memory: Memory::new(limits.memory.min(max_memory)),
            logs: Logs::new(limits.log_lines, limits.log_bytes),
            world: FrozenWorld::at(input.now_ms),
            rules: input.rules,
        }
    }

    /// Returns the kept log lines, oldest first, and the number of dropped ones.
    pub(super) fn into_logs(mut self) -> (Vec<GuestLog>, u32) {
        self.world.finish_lines(&mut self.logs);
        self.logs.into_parts()
    }
}
