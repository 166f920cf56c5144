//! The signer against others, and against keys and machines that are wrong.

mod signatures;
mod support;
