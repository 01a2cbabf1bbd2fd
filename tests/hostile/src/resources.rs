//! Taking more than there is.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
};

use inlet_plugin::{Event, Item, Translation, log};

use crate::ok;

/// Never returns.
pub(crate) fn spin<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory, and touches it, until there is no more.
pub(crate) fn take_memory<T>() -> T {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Calls itself until the stack is full.
pub(crate) fn recurse<T>() -> T {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn deeper(depth: u64) -> u64 {
        let room = black_box([depth; 16]);
        // Not a tail call: the sum needs the frame.
        deeper(black_box(depth + 1)) + room[depth as usize % 16]
    }
    black_box(deeper(0));
    unreachable!("a stack has an end")
}

/// Ends as a bug would end it.
pub(crate) fn crash<T>() -> T {
    log::info("about to crash");
    panic!("crashed as asked")
}

/// More lines, and longer ones, than any log has room for.
pub(crate) fn flood_the_log() -> Translation {
    for line in 0..10_000 {
        log::info(&format!("line {line}"));
    }
    log::warn(&"x".repeat(1 << 20));
    log::error("the last line");
    Translation::from(ok())
}

/// Lines that would each fill the log many times over, and more of them together than the host copies of a result.
pub(crate) fn log_giant_lines() -> Translation {
    let line = "x".repeat(1 << 20);
    for _ in 0..100 {
        log::error(&line);
    }
    Translation::from(ok())
}

/// Says how often this instance was called.
pub(crate) fn count_calls() -> Translation {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    Translation::from(Item::Event(Event::new(format!("call/{calls}"))))
}
