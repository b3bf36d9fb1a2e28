//! The `idp` command.

/// Faster than the system's for many small pieces on several threads; see docs/decisions.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    idp::cli::main()
}
