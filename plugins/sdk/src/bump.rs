//! A bump allocator for instances that live for one request.
//!
//! The host discards the sandbox after every call, so freeing memory gains nothing and allocating is an addition. Only
//! the last block grows, shrinks and is freed in place. A `String` or `Vec` that is filled without other allocations in
//! between therefore costs its own size, not twice that.
//!
//! Authors should reserve capacity for collections that grow while other allocations happen.

#![expect(unsafe_code, reason = "a global allocator is unsafe by definition; this is the only one and it is short")]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Bump = Bump { next: AtomicUsize::new(0) };

const PAGE: usize = 64 * 1024;
/// Memory is grown by a megabyte at a time, because each growth is a call into the host.
const GROWTH: usize = 16 * PAGE;

unsafe extern "C" {
    /// The end of stack and static data, set by the linker.
    static __heap_base: u8;
}

struct Bump {
    /// The first free address; 0 before the first allocation. It is atomic only because a static must be `Sync`. wasm32
    /// has one thread here, so the compiler emits plain loads and stores.
    next: AtomicUsize,
}

impl Bump {
    fn next(&self) -> usize {
        match self.next.load(Relaxed) {
            0 => ptr::addr_of!(__heap_base) as usize,
            next => next,
        }
    }

    /// Moves the first free address to `end` and grows memory if needed. Returns false if the memory limit is reached.
    fn reach(&self, end: usize) -> bool {
        let size = memory_size(0) * PAGE;
        if end > size {
            let missing = (end - size).div_ceil(PAGE);
            // If the limit is not a multiple of the step, the exact amount may still fit.
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

// SAFETY: addresses are handed out in increasing order, and an address is reused only after the last block, which held
// it, was freed or shrunk. Alignment is rounded up, and failures return null.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // `Layout` keeps sizes below `isize::MAX`, but address plus size can exceed 4 GiB.
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
