//! What a user relies on, against real servers on loopback. One binary; every file here is a module of it.

#![cfg(test)]

mod architecture;
mod clients;
mod docs;
mod endpoints;
mod fixtures;
mod gapps;
mod laws;
mod scenarios;
mod soak;
mod vectors;
mod world;
mod wrong_input;
