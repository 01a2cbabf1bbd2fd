//! The clocks, which show the time of the request and do not advance.

use wasmtime::component::{ComponentType, Lower};

use crate::run::state::frozen_world::FrozenWorld;

/// Nanoseconds between two ticks of both clocks: one millisecond.
pub(super) const RESOLUTION: u32 = 1_000_000;

/// A point in time, as `wasi:clocks/wall-clock` defines it.
#[derive(ComponentType, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(record)]
pub(super) struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

pub(super) fn wall_clock(world: &mut FrozenWorld) -> Datetime {
    let milliseconds = (world.now_ms() % 1000) as u32;
    Datetime { seconds: world.now_ms() / 1000, nanoseconds: milliseconds * 1_000_000 }
}

pub(super) fn wall_clock_resolution() -> Datetime {
    Datetime { seconds: 0, nanoseconds: RESOLUTION }
}

/// Returns the same time in nanoseconds since 1970.
pub(super) fn monotonic_clock(world: &mut FrozenWorld) -> u64 {
    world.now_ms().saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_show_the_time_of_the_request() {
        let mut world = FrozenWorld::at(1_700_000_000_123);
        assert_eq!(wall_clock(&mut world), Datetime { seconds: 1_700_000_000, nanoseconds: 123_000_000 });
        assert_eq!(monotonic_clock(&mut world), 1_700_000_000_123_000_000);
    }
}
