//! What those who run it see: health, metrics, logs, the command line, TLS, and a stop that drops nothing.

mod binary;
mod certification;
mod client_certificates;
mod command_line;
mod health;
mod logs;
mod profiles;
mod registration_tokens;
mod shutdown;
mod tls;
