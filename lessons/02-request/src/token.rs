//! What a token is made of.

// ANCHOR: token
/// The bytes that make up methods and field names (RFC 9110 §5.6.2).
pub fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES[byte as usize]
}

/// The answer for each byte, made when the course is compiled.
const TOKEN_BYTES: [bool; 256] = {
    let signs = b"!#$%&'*+-.^_`|~";
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
    table
};
// ANCHOR_END: token
