//! What a generic body means: whatever the reader makes of it.

use super::wire;
use crate::source::Piece;
use crate::source::canonical::Reader;

pub(super) fn split(reader: &Reader, body: &[u8]) -> Vec<Piece> {
    match wire::read(body) {
        Ok(document) => reader.pieces(&document),
        Err(dead) => vec![Piece::Dead(dead)],
    }
}
