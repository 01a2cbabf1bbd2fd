//! An allocator for instances that live for one request.
//!
//! The sandbox is thrown away after every call, so that nothing is gained by giving memory back: allocating is adding
//! to a number. The last block alone is special. It grows, shrinks and is freed in place, which makes a `String` or a
//! `Vec` that is filled in one go cost what it holds, and not twice that.
//!
//! What this asks of authors: reserve the capacity of what grows side by side with other things.

#![expect(unsafe_code, reason = "a global allocator is unsafe by definition; this is the only one and it is short")]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: AtomicUsize::new(0) };

const PAGE: usize = 64 * 1024;
/// Growing is a call into the host: ask for a megabyte at a time.
const GROWTH: usize = 16 * PAGE;

unsafe extern "C" {
    /// Where the linker says that stack and data end.
    static __heap_base: u8;
}

struct Bump {
    /// The first free address; 0 before the first allocation. Atomic only because a static must be: wasm32 has one
    /// thread here, and the compiler makes plain loads and stores of it.
    next: AtomicUsize,
}

impl Bump {
    /// The first free address.
    fn next(&self) -> usize {
        match self.next.load(Relaxed) {
            0 => ptr::addr_of!(__heap_base) as usize,
            next => next,
        }
    }

    /// Moves the first free address to `end`, with more memory if it takes that. False: there is none.
    fn reach(&self, end: usize) -> bool {
        let size = memory_size(0) * PAGE;
        if end > size {
            let missing = (end - size).div_ceil(PAGE);
            // At a limit that is not a multiple of the step, what is needed may still fit.
            let grown =
                memory_grow(0, missing.max(GROWTH / PAGE)) != usize::MAX || memory_grow(0, missing) != usize::MAX;
            if !grown {
                return false;
            }
        }
        self.next.store(end, Relaxed);
        true
    }

    fn is_last(&self, block: *mut u8, size: usize) -> bool {
        block as usize + size == self.next()
    }
}

// SAFETY: blocks are handed out from ever higher addresses, and an address is handed out again only after the block
// that held it, the last one, was freed or shrunk; alignment is rounded up to; failures are null.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // `Layout` keeps sizes under isize::MAX, but address and size together can pass 4 GiB.
        let Some(start) = self.next().checked_next_multiple_of(layout.align()) else { return ptr::null_mut() };
        let Some(end) = start.checked_add(layout.size()) else { return ptr::null_mut() };
        if self.reach(end) { start as *mut u8 } else { ptr::null_mut() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.is_last(block, layout.size()) {
            self.next.store(block as usize, Relaxed);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if self.is_last(block, layout.size()) {
            let Some(end) = (block as usize).checked_add(new_size) else { return ptr::null_mut() };
            return if self.reach(end) { block } else { ptr::null_mut() };
        }
        if new_size <= layout.size() {
            return block;
        }
        // SAFETY: the caller promises that `new_size` makes a valid layout with this alignment.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: both blocks are at least `layout.size()` long, and the new one begins after the old one ends.
            unsafe { ptr::copy_nonoverlapping(block, moved, layout.size()) };
        }
        moved
    }
}
