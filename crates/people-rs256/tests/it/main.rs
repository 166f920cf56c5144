//! The signer against others, and against keys and machines that are wrong.
#![cfg(test)]

mod keys;
mod signatures;
mod support;
mod timing;
