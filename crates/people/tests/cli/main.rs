//! The binary as a user sees it: what it prints, where, and how it ends, against pretend clouds on loopback.
#![cfg(test)]

mod bulk;
mod credentials;
mod directory;
mod doctor;
mod gapps;
mod invite;
mod journal;
mod offline;
mod reconcile;
mod user;
mod world;
