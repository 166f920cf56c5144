//! What a user relies on, against real servers on loopback. One binary; every file here is a module of it.

mod architecture;
mod scenarios;
mod vectors;
mod world;
