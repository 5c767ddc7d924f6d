//! Bytes received and not yet used up.

// ANCHOR: buffer
/// What was received, and room for more. It is kept from client to client.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

/// Behind the longest head there is always room for so much of a body.
const ROOM: usize = 8 * 1024;

impl Buffer {
    /// Empties the buffer and makes room for a head of `head_bytes`, and for some of a body.
    pub fn reset(&mut self, head_bytes: usize) {
        let size = head_bytes + ROOM;
        if self.bytes.len() != size {
            // New memory is given as zeros, and touched only when something is put there.
            self.bytes = vec![0; size];
        }
        self.filled = 0;
    }

    /// Everything received and not used up.
    pub fn received(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Where more can be put. Whoever does says so with [`Buffer::grow`].
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// So many bytes have been put into the room.
    pub fn grow(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes.len());
    }

    /// Lets go of the first `count` bytes. What came behind them moves to the front.
    pub fn use_up(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// The buffer in two: a head of `end` bytes, to be looked at, and what comes behind it, to be
    /// read from and filled again.
    pub fn split(&mut self, end: usize) -> (&[u8], Rest<'_>) {
        let (head, bytes) = self.bytes.split_at_mut(end);
        let (start, filled) = (end, &mut self.filled);
        (
            head,
            Rest {
                bytes,
                start,
                filled,
            },
        )
    }
}

/// The part of a [`Buffer`] behind the head.
#[derive(Debug)]
pub struct Rest<'b> {
    bytes: &'b mut [u8],
    /// Where it begins in the whole buffer.
    start: usize,
    /// How far the whole buffer is filled.
    filled: &'b mut usize,
}

impl Rest<'_> {
    /// What was received of it.
    pub fn received(&self) -> &[u8] {
        &self.bytes[..*self.filled - self.start]
    }

    /// Forgets what was received, and gives the room to put more there.
    pub fn empty(&mut self) -> &mut [u8] {
        *self.filled = self.start;
        self.bytes
    }

    /// So many bytes have been put into the room.
    pub fn grow(&mut self, count: usize) {
        *self.filled = (*self.filled + count).min(self.start + self.bytes.len());
    }
}
// ANCHOR_END: buffer

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_makes_room_and_what_came_behind_it_stays() {
        let mut buffer = Buffer::default();
        buffer.reset(10);
        buffer.room()[..9].copy_from_slice(b"head+body");
        buffer.grow(9);
        buffer.use_up(5);
        assert_eq!(buffer.received(), b"body");
        assert_eq!(buffer.room().len(), 10 + ROOM - 4);
        buffer.reset(10);
        assert_eq!(buffer.received(), b"");
    }

    #[test]
    fn behind_a_head_the_rest_can_be_filled_again() {
        let mut buffer = Buffer::default();
        buffer.reset(10);
        buffer.room()[..6].copy_from_slice(b"headxy");
        buffer.grow(6);
        let (head, mut rest) = buffer.split(4);
        assert_eq!((head, rest.received()), (&b"head"[..], &b"xy"[..]));
        rest.empty()[..3].copy_from_slice(b"abc");
        rest.grow(3);
        assert_eq!(rest.received(), b"abc");
        assert_eq!(buffer.received(), b"headabc");
    }
}
