//! Giving memory back to the system.

/// Gives back what the allocator keeps for later. Compiling plugins leaves tens of megabytes that an idle server never
/// uses again, and the allocator by itself looks at them only when it is asked for more.
#[expect(unsafe_code, reason = "the allocator offers this as a C function only")]
pub fn give_back() {
    // SAFETY: it takes no pointer, may be called at any time from any thread, and frees only what nobody owns.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
