//! What a token is made of.

// ANCHOR: token
/// The bytes that make up methods and field names (RFC 9110 §5.6.2).
const TOKEN_BYTES: ByteSet = ByteSet::letters_digits_and(b"!#$%&'*+-.^_`|~");

/// Whether a byte can be part of a token.
pub fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.has(byte)
}

/// A set of bytes as a table with an answer for each, made when the course is compiled: to look
/// one up is one step, however many there are.
pub(crate) struct ByteSet([bool; 256]);

impl ByteSet {
    pub(crate) const fn letters_digits_and(signs: &[u8]) -> ByteSet {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        let mut at = 0;
        while at < signs.len() {
            table[signs[at] as usize] = true;
            at += 1;
        }
        ByteSet(table)
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    pub(crate) fn has_all(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.has(byte))
    }
}
// ANCHOR_END: token
