//! `inlet`, the command.

/// Many short-lived allocations on many threads: glibc's allocator keeps far more memory for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    inlet::cli::main()
}
