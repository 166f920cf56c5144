//! What a standard body means. A map sees the body as it is; the canonical form may be wrapped.

use super::wire;
use crate::source::Piece;
use crate::source::canonical::Reader;

pub(super) fn pieces(reader: &Reader, body: &[u8], each: &mut dyn FnMut(Piece)) {
    reader.read(body, wire::inner, each);
}
