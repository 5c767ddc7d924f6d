//! How long is the body? The fields that decide it, and the ways in which they can lie.

// ANCHOR: imports
use crate::{Fault, Limits, Version, is_token_byte};
// ANCHOR_END: imports

// ANCHOR: framing
/// Where the body of a request ends.
///
/// Two servers that disagree about this can be made to see different requests in the same bytes
/// (request smuggling), so whatever is ambiguous is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    #[default]
    Empty,
    /// The body has this many bytes, at least one.
    Length(u64),
    /// The body comes in chunks, each with its own length.
    Chunked,
}

/// The fields that decide the framing, gathered while a head is parsed.
#[derive(Debug)]
pub(crate) struct FramingFields {
    version: Version,
    length: Option<u64>,
    coding: Option<TransferCoding>,
}

#[derive(Clone, Copy, Debug)]
enum TransferCoding {
    /// Only codings that this server does not know so far.
    Unknown,
    /// The last coding is `chunked`; `alone` if there is no other.
    Chunked { alone: bool },
}

impl FramingFields {
    pub(crate) fn new(version: Version) -> FramingFields {
        FramingFields {
            version,
            length: None,
            coding: None,
        }
    }

    /// Takes a `Content-Length`: digits only, once. `3, 3`, `+3` and a second field, even with
    /// the same number, are what attacks on other servers looked like.
    pub(crate) fn add_length(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.length.is_some() {
            return Err(Fault::ManyContentLengths);
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(Fault::ContentLength);
        }
        let digit = |byte: &u8| u64::from(byte - b'0');
        let length = value.iter().map(digit).try_fold(0_u64, |length, digit| {
            length.checked_mul(10)?.checked_add(digit)
        });
        // A number that does not fit is a number all the same: too large, not malformed.
        self.length = Some(length.unwrap_or(u64::MAX));
        Ok(())
    }

    /// Takes a `Transfer-Encoding`: a list of codings, of which `chunked` must be the last
    /// (RFC 9112 §6.1). Several fields make one list. RFC 9110 §5.6.1 has empty elements of a
    /// list ignored; here one is a fault, because not every reader ignores it.
    pub(crate) fn add_coding(&mut self, value: &[u8]) -> Result<(), Fault> {
        for coding in value.split(|&byte| byte == b',') {
            let mut parts = coding.splitn(2, |&byte| byte == b';');
            let name = parts.next().unwrap_or_default().trim_ascii();
            let chunked = name.eq_ignore_ascii_case(b"chunked");
            // Other codings may have parameters; chunked has none (RFC 9112 §7.1).
            let wrong_parameters = chunked && parts.next().is_some();
            let is_token = !name.is_empty() && name.iter().all(|&byte| is_token_byte(byte));
            if !is_token || wrong_parameters {
                return Err(Fault::Coding);
            }
            self.coding = Some(match (self.coding, chunked) {
                (Some(TransferCoding::Chunked { .. }), _) => return Err(Fault::Coding),
                (None, true) => TransferCoding::Chunked { alone: true },
                (Some(TransferCoding::Unknown), true) => TransferCoding::Chunked { alone: false },
                (_, false) => TransferCoding::Unknown,
            });
        }
        Ok(())
    }

    /// Decides (RFC 9112 §6.3).
    pub(crate) fn decide(self, limits: &Limits) -> Result<Framing, Fault> {
        match (self.length, self.coding) {
            (Some(_), Some(_)) => Err(Fault::LengthAndCoding),
            (None, Some(_)) if self.version == Version::Http10 => Err(Fault::CodingInOldVersion),
            (None, Some(TransferCoding::Chunked { alone: true })) => Ok(Framing::Chunked),
            (None, Some(_)) => Err(Fault::UnknownCoding),
            (Some(length), None) if length > limits.body_bytes => Err(Fault::BodyTooLarge),
            (None | Some(0), None) => Ok(Framing::Empty),
            (Some(length), None) => Ok(Framing::Length(length)),
        }
    }
}
// ANCHOR_END: framing

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(version: Version, lengths: &[&str], codings: &[&str]) -> Result<Framing, Fault> {
        let mut fields = FramingFields::new(version);
        lengths
            .iter()
            .try_for_each(|value| fields.add_length(value.as_bytes()))?;
        codings
            .iter()
            .try_for_each(|value| fields.add_coding(value.as_bytes()))?;
        fields.decide(&Limits::default())
    }

    #[test]
    fn a_content_length_is_digits_once_and_bounded() {
        let length = |values: &[&str]| framing(Version::Http11, values, &[]);
        assert_eq!(length(&[]), Ok(Framing::Empty));
        assert_eq!(length(&["0"]), Ok(Framing::Empty));
        assert_eq!(length(&["007"]), Ok(Framing::Length(7)));
        for wrong in ["", "+3", "-1", "1_0", "0x3", "3, 3", "3 3", "3.0", "٣"] {
            assert_eq!(length(&[wrong]), Err(Fault::ContentLength), "{wrong}");
        }
        assert_eq!(length(&["3", "3"]), Err(Fault::ManyContentLengths));
        assert_eq!(length(&["3", "4"]), Err(Fault::ManyContentLengths));
        assert_eq!(length(&["1048577"]), Err(Fault::BodyTooLarge));
        assert_eq!(
            length(&["1180591620717411303424"]),
            Err(Fault::BodyTooLarge)
        );
    }

    #[test]
    fn chunked_is_the_last_coding_once_and_alone() {
        let coding = |values: &[&str]| framing(Version::Http11, &[], values);
        assert_eq!(coding(&["chunked"]), Ok(Framing::Chunked));
        assert_eq!(coding(&[" CHUNKED\t"]), Ok(Framing::Chunked));
        for unknown in [
            "xchunked",
            "gzip",
            "identity",
            "gzip, chunked",
            "gzip;q=1, chunked",
        ] {
            assert_eq!(coding(&[unknown]), Err(Fault::UnknownCoding), "{unknown}");
        }
        for wrong in [
            "",
            "chunked, chunked",
            "chunked, identity",
            "chunked;q=1",
            "\"chunked\"",
        ] {
            assert_eq!(coding(&[wrong]), Err(Fault::Coding), "{wrong}");
        }
        assert_eq!(coding(&["chunked", "chunked"]), Err(Fault::Coding));
        assert_eq!(coding(&["gzip", "chunked"]), Err(Fault::UnknownCoding));
    }

    #[test]
    fn an_empty_coding_in_the_list_is_a_fault_though_rfc_9110_5_6_1_has_it_ignored() {
        let coding = |values: &[&str]| framing(Version::Http11, &[], values);
        for with_an_empty_element in [
            ",chunked",
            ", chunked",
            "chunked,",
            "chunked ,",
            ",",
            "gzip,,chunked",
        ] {
            let found = coding(&[with_an_empty_element]);
            assert_eq!(found, Err(Fault::Coding), "{with_an_empty_element}");
        }
        assert_eq!(coding(&["", "chunked"]), Err(Fault::Coding));
    }

    #[test]
    fn two_answers_to_the_same_question_are_refused() {
        let both = framing(Version::Http11, &["3"], &["chunked"]);
        assert_eq!(both, Err(Fault::LengthAndCoding));
        let old = framing(Version::Http10, &[], &["chunked"]);
        assert_eq!(old, Err(Fault::CodingInOldVersion));
    }
}
