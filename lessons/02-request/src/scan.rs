//! Where does the head end? A scanner that is fed bytes in any pieces.

// ANCHOR: imports
use crate::{Fault, Limits};
// ANCHOR_END: imports

// ANCHOR: scanner
/// Looks for the end of a head, and for what no later byte could mend.
///
/// It never touches a socket: it is given all bytes received so far, and resumes where it
/// stopped. So a head costs the same whether it comes in one piece or byte by byte, and a fault
/// is found at its byte, without waiting for the rest.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    position: usize,
    line_start: usize,
    /// Where the request line ends.
    first_line_end: usize,
    lines: usize,
    empty_lines: usize,
}

/// Where a complete head lies in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first byte of the request line.
    pub start: usize,
    /// The byte after the request line: its CR.
    pub line_end: usize,
    /// The byte after the empty line that ends the head.
    pub end: usize,
}

impl Scanner {
    /// Looks at the bytes that came since the last call; `None` means that the head goes on.
    // Where it is inlined, the extent is made where it is used, and not carried there.
    #[inline]
    pub fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<Extent>, Fault> {
        let is_whole = self.look(bytes, limits)?;
        Ok(is_whole.then(|| Extent {
            start: self.empty_lines * 2,
            line_end: self.first_line_end,
            end: self.position,
        }))
    }

    /// Whether the head is whole.
    fn look(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, Fault> {
        loop {
            self.skip_ordinary(bytes, limits);
            self.check_size(limits)?;
            let Some(&byte) = bytes.get(self.position) else {
                return Ok(false);
            };
            match byte {
                // The line end must fit as a whole, or there would never be room for it.
                b'\r' if self.position + 2 > limits.head_bytes => return Err(Fault::HeadTooLarge),
                b'\r' => match bytes.get(self.position + 1) {
                    Some(b'\n') => {
                        if self.end_line(bytes, limits)? {
                            return Ok(true);
                        }
                    }
                    Some(_) => return Err(Fault::BareCarriageReturn),
                    None => return Ok(false),
                },
                b'\n' => return Err(Fault::BareLineFeed),
                0x16 if self.position == 0 => return Err(Fault::LooksLikeTls),
                b'\t' if self.lines > 0 => self.position += 1,
                0..=0x1f | 0x7f => return Err(Fault::ControlByte),
                _ => {} // Ordinary: behind what one line, or the whole head, may have.
            }
            self.check_size(limits)?;
        }
    }

    /// Goes on to the next byte that means something here, but not beyond what a line, or the
    /// whole head, may have: the first byte too many is where its fault is found.
    fn skip_ordinary(&mut self, bytes: &[u8], limits: &Limits) {
        let line_limit = self.line_start + limits.line_bytes + 1;
        let end = bytes.len().min(line_limit).min(limits.head_bytes);
        if let Some(ahead) = bytes.get(self.position..end) {
            self.position += count_ordinary(ahead);
        }
    }

    /// Whether a request has begun. One empty line before it does not count: some clients send
    /// one behind a request, which is where it stands when they send nothing more.
    pub fn has_begun(&self) -> bool {
        self.position > 2 * self.empty_lines
    }

    /// Takes the CRLF behind a line. An empty one ends the head, and the answer is yes, unless the
    /// head has not begun: RFC 9112 §2.2 lets one empty line go before a request, as some old
    /// clients sent it.
    fn end_line(&mut self, bytes: &[u8], limits: &Limits) -> Result<bool, Fault> {
        let line = &bytes[self.line_start..self.position];
        if self.lines == 0 {
            self.first_line_end = self.position;
        }
        self.position += 2;
        self.line_start = self.position;
        match (line.is_empty(), self.lines) {
            (true, 0) if self.empty_lines == 0 => self.empty_lines = 1,
            (true, 0) => return Err(Fault::EmptyLines),
            (true, _) => return Ok(true),
            // A client from before HTTP/1.0 sends this one line and waits; so must not we.
            (false, 0) if words(line) < 3 => return Err(Fault::NoVersion),
            (false, lines) if lines > limits.fields => return Err(Fault::TooManyFields),
            (false, _) => self.lines += 1,
        }
        Ok(false)
    }

    /// Stops what could go on for ever.
    fn check_size(&self, limits: &Limits) -> Result<(), Fault> {
        if self.position - self.line_start > limits.line_bytes {
            return Err(if self.lines == 0 {
                Fault::TargetTooLong
            } else {
                Fault::LineTooLong
            });
        }
        if self.position >= limits.head_bytes {
            return Err(Fault::HeadTooLarge);
        }
        Ok(())
    }
}

fn words(line: &[u8]) -> usize {
    line.split(|&byte| byte == b' ').count()
}

/// How many bytes at the front are no control bytes, looked at eight at a time.
fn count_ordinary(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<8>();
    let mut count = 0;
    for block in blocks {
        let controls = mark_controls(u64::from_le_bytes(*block));
        if controls != 0 {
            return count + controls.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let is_control = |byte: u8| byte < 0x20 || byte == 0x7f;
    count + rest.iter().take_while(|&&byte| !is_control(byte)).count()
}

/// Sets the highest bit of the first control byte among eight, and clears it in those before. To
/// subtract from all of them at once makes a borrow, and so a highest bit, where a byte was too
/// small; what a borrow does to the bytes behind it does not matter.
fn mark_controls(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x80 * EACH;
    let below_space = eight.wrapping_sub(0x20 * EACH) & !eight;
    let delete = eight ^ (0x7f * EACH); // Zero where the byte is 0x7f.
    let is_delete = delete.wrapping_sub(EACH) & !delete;
    (below_space | is_delete) & HIGHEST
}
// ANCHOR_END: scanner

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: &[u8]) -> Result<Option<Extent>, Fault> {
        Scanner::default().scan(bytes, &Limits::default())
    }

    #[test]
    fn the_head_ends_at_the_empty_line_and_what_follows_is_left_alone() {
        let extent = scan(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\n")
            .unwrap()
            .unwrap();
        assert_eq!(
            extent,
            Extent {
                start: 0,
                line_end: 14,
                end: 27
            }
        );
    }

    #[test]
    fn one_empty_line_may_go_before_a_request() {
        let extent = scan(b"\r\nGET / HTTP/1.1\r\n\r\n").unwrap().unwrap();
        assert_eq!(
            extent,
            Extent {
                start: 2,
                line_end: 16,
                end: 20
            }
        );
        assert_eq!(scan(b"\r\n\r\nGET"), Err(Fault::EmptyLines));
    }

    #[test]
    fn eight_bytes_at_a_time_are_the_same_as_one_after_the_other() {
        let is_control = |byte: u8| byte < 0x20 || byte == 0x7f;
        for special in 0..=255 {
            for (at, length) in [(0, 1), (3, 8), (7, 8), (8, 9), (9, 20), (15, 16)] {
                for other in [b'a', 0x20, 0x7e, 0x80, 0xff] {
                    let mut bytes = vec![other; length];
                    bytes[at] = special;
                    let expected = if is_control(special) { at } else { length };
                    assert_eq!(count_ordinary(&bytes), expected, "{bytes:x?}");
                }
            }
        }
        assert_eq!(count_ordinary(b"\x1f\x7f"), 0);
        assert_eq!(count_ordinary(b"abc\x7f\x00def"), 3);
    }

    #[test]
    fn faults_are_found_without_waiting_for_the_rest() {
        assert_eq!(scan(b"GET / HTTP/1.1\n"), Err(Fault::BareLineFeed));
        assert_eq!(scan(b"GET / HTTP/1.1\rX"), Err(Fault::BareCarriageReturn));
        assert_eq!(scan(b"GET /\r\n"), Err(Fault::NoVersion));
        assert_eq!(scan(b"GET /\0"), Err(Fault::ControlByte));
        assert_eq!(scan(b"GET /\t"), Err(Fault::ControlByte));
        assert_eq!(scan(b"\x16\x03\x01"), Err(Fault::LooksLikeTls));
        assert_eq!(scan(b"GET / HTTP/1.1\r\nA:\tb\r\n"), Ok(None));
    }

    #[test]
    fn every_limit_has_its_fault() {
        let limits = Limits {
            head_bytes: 60,
            line_bytes: 20,
            fields: 2,
            ..Limits::default()
        };
        let scan = |bytes: &[u8]| Scanner::default().scan(bytes, &limits);
        assert_eq!(scan(&[b'A'; 20]), Ok(None));
        let tiny = Limits {
            head_bytes: 20,
            ..limits.clone()
        };
        let full = [b"G / H\r\nA: 456789012\r".as_slice()].concat();
        assert_eq!(
            Scanner::default().scan(&full, &tiny),
            Err(Fault::HeadTooLarge)
        );
        assert_eq!(scan(&[b'A'; 21]), Err(Fault::TargetTooLong));
        assert_eq!(
            scan(b"G / H\r\nAAAAAAAAAAAAAAAAAAAAA"),
            Err(Fault::LineTooLong)
        );
        assert_eq!(
            scan(b"G / H\r\nA:\r\nB:\r\nC:\r\n"),
            Err(Fault::TooManyFields)
        );
        assert!(matches!(scan(b"G / H\r\nA:\r\nB:\r\n\r\n"), Ok(Some(_))));
        let long = [
            b"G / H\r\n".as_slice(),
            &[b'A'; 18],
            b"\r\n",
            &[b'B'; 18],
            b"\r\n",
        ]
        .concat();
        assert_eq!(
            scan(&[&long[..], &[b'C'; 20]].concat()),
            Err(Fault::HeadTooLarge)
        );
    }
}
