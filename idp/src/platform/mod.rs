//! The outside world: time, chance, secrets on disk, passwords, logs and metrics.

pub mod clock;
pub mod hasher;
pub mod key_files;
pub mod keys;
pub mod random;
pub mod telemetry;
pub mod vault;
