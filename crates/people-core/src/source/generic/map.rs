//! What a generic body means: whatever the reader makes of it.

use super::wire;
use crate::source::Piece;
use crate::source::canonical::Reader;

pub(super) fn pieces(reader: &Reader, body: &[u8], each: &mut dyn FnMut(Piece)) {
    reader.read(body, wire::inner, each);
}
