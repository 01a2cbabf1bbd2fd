//! Use of more resources than the sandbox allows.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
};

use inlet_plugin::{Event, Item, Translation, log};

use crate::ok;

/// Loops forever.
pub(crate) fn spin<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Allocates and touches memory until none is left.
pub(crate) fn take_memory<T>() -> T {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Recurses until the stack overflows.
pub(crate) fn recurse<T>() -> T {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn deeper(depth: u64) -> u64 {
        let room = black_box([depth; 16]);
        // The sum uses the frame after the call, so this is not a tail call.
        deeper(black_box(depth + 1)) + room[depth as usize % 16]
    }
    black_box(deeper(0));
    unreachable!("a stack has an end")
}

/// Panics, as a bug would.
pub(crate) fn crash<T>() -> T {
    log::info("about to crash");
    panic!("crashed as asked")
}

/// Writes more and longer lines than a log holds.
pub(crate) fn flood_the_log() -> Translation {
    for line in 0..10_000 {
        log::info(&format!("line {line}"));
    }
    log::warn(&"x".repeat(1 << 20));
    log::error("the last line");
    Translation::from(ok())
}

/// Writes lines that each exceed the log, and together exceed what the host copies of a result.
pub(crate) fn log_giant_lines() -> Translation {
    let line = "x".repeat(1 << 20);
    for _ in 0..100 {
        log::error(&line);
    }
    Translation::from(ok())
}

/// Returns how often this instance was called.
pub(crate) fn count_calls() -> Translation {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    Translation::from(Item::Event(Event::new(format!("call/{calls}"))))
}
