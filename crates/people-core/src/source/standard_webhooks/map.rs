//! What a standard body means. A map sees the body as it is; the canonical form may be wrapped.

use super::wire;
use crate::source::Piece;
use crate::source::canonical::Reader;

pub(super) fn split(reader: &Reader, body: &[u8]) -> Vec<Piece> {
    let document = match wire::read(body) {
        Ok(document) => document,
        Err(dead) => return vec![Piece::Dead(dead)],
    };
    match reader {
        Reader::Canonical(_) => reader.pieces(wire::unwrap(&document).as_ref().unwrap_or(&document)),
        Reader::Mapped(_) => reader.pieces(&document),
    }
}
