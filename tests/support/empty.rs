//! The package has only integration tests and benchmarks.
