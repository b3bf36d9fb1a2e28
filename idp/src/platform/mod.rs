//! The outside world: time, chance, secrets on disk, passwords, logs and metrics.

pub mod client_certificate;
pub mod clock;
pub mod fetch;
pub mod hasher;
pub mod key_files;
pub mod keys;
pub mod outbound;
pub mod random;
pub mod registers;
pub mod sms;
pub mod telemetry;
pub mod vault;
