//! Framing is a function over bytes: in any pieces, with room for any output, the same result.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use check::answer::{self, Framing};
use lesson02::{Buffer, Head, Limits, Page, parse_head};
use lesson03::{Behind, Draft, Intake, Pace, Policy, Stamp, Transport};
use lesson07::{ChunkDecoder, ChunkFault, Framed, LAST_CHUNK, Next, Persistent, encode_chunk};
use proptest::prelude::*;

/// Small enough for generated bodies to run into it.
const LIMIT: u64 = 3000;

/// What a decoder makes of some bytes: the body, how many bytes it took, and whether it is over.
type Decoded = Result<(Vec<u8>, usize, bool), ChunkFault>;

/// Feeds `bytes` cut at `cuts`, with an output of the next size of `rooms` for each call.
fn decode(bytes: &[u8], cuts: &[usize], rooms: &[usize]) -> Decoded {
    let mut decoder = ChunkDecoder::new(LIMIT);
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let (mut body, mut consumed) = (Vec::new(), 0);
    let mut rooms = rooms.iter().cycle();
    for end in ends {
        while consumed < end && !decoder.is_done() {
            let mut output = vec![0; *rooms.next().unwrap()];
            let progress = decoder.decode(&bytes[consumed..end], &mut output)?;
            assert!(progress.consumed <= end - consumed && progress.produced <= output.len());
            assert!(progress.consumed > 0, "a call with room comes further");
            consumed += progress.consumed;
            body.extend_from_slice(&output[..progress.produced]);
        }
    }
    Ok((body, consumed, decoder.is_done()))
}

/// All at once, with room for everything.
fn decode_whole(bytes: &[u8]) -> Decoded {
    decode(bytes, &[], &[bytes.len().max(1)])
}

/// A chunk as a client may send it, and its data.
fn chunk() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let data = prop::collection::vec(any::<u8>(), 1..40);
    let extension = prop::sample::select(vec!["", ";a", ";a=b", " ; a=\"b c\"", "\t;x;y=1", ";"]);
    (data, 0..4usize, any::<bool>(), extension).prop_map(|(data, zeros, upper, extension)| {
        let size = match upper {
            true => format!("{:X}", data.len()),
            false => format!("{:x}", data.len()),
        };
        let line = format!("{}{size}{extension}\r\n", "0".repeat(zeros));
        ([line.as_bytes(), &data, b"\r\n"].concat(), data)
    })
}

/// A whole chunked body, and the data in it.
fn body() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let trailer = prop::sample::select(vec!["A: b\r\n", "X-Sum:\r\n", "a-b: c, d \t\r\n"]);
    let chunks = prop::collection::vec(chunk(), 0..8);
    let trailers = prop::collection::vec(trailer, 0..3);
    let last = prop::sample::select(vec!["0\r\n", "000\r\n", "0;x=y\r\n"]);
    (chunks, last, trailers).prop_map(|(chunks, last, trailers)| {
        let (mut bytes, data): (Vec<Vec<u8>>, Vec<Vec<u8>>) = chunks.into_iter().unzip();
        bytes.push(last.into());
        bytes.extend(trailers.into_iter().map(Into::into));
        bytes.push(b"\r\n".into());
        (bytes.concat(), data.concat())
    })
}

/// What chunked bodies are made of, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "a",
        "F",
        "10",
        "fff",
        "ffffffffffffffff",
        "0x",
        "+",
        "-",
        " ",
        "\t",
        ";",
        "=",
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "hi",
        "A: b",
        ":",
        "Host: x",
        "\u{e9}",
        "Content-Length: 3",
    ]);
    let other = prop::collection::vec(any::<u8>(), 0..4);
    let piece = prop_oneof![6 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => other];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Something that looks like a body: whole, with a byte changed, or soup; and more behind it.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let changed = (body(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |((mut bytes, _), index, byte)| {
            let at = index.index(bytes.len());
            bytes[at] = byte;
            bytes
        },
    );
    let one = prop_oneof![
        2 => body().prop_map(|(bytes, _)| bytes),
        3 => changed,
        3 => soup(),
    ];
    (one, soup()).prop_map(|(bytes, behind)| [bytes, behind].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_split_and_any_room_give_the_same_body_the_same_end_and_the_same_fault(
        bytes in anything(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        rooms in prop::collection::vec(1..60usize, 1..6),
    ) {
        prop_assert_eq!(decode(&bytes, &cuts, &rooms), decode_whole(&bytes));
    }

    #[test]
    fn every_way_to_write_a_body_is_read_and_what_follows_is_left(
        (bytes, data) in body(),
        behind in prop::collection::vec(any::<u8>(), 0..20),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let all = [bytes.as_slice(), &behind].concat();
        prop_assert_eq!(decode(&all, &cuts, &[7]), Ok((data, bytes.len(), true)));
    }

    #[test]
    fn what_is_encoded_is_decoded(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..400), 0..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        rooms in prop::collection::vec(1..60usize, 1..6),
    ) {
        let mut bytes = Vec::new();
        pieces.iter().for_each(|piece| encode_chunk(piece, &mut bytes));
        bytes.extend_from_slice(LAST_CHUNK);
        let length = bytes.len();
        prop_assert_eq!(decode(&bytes, &cuts, &rooms), Ok((pieces.concat(), length, true)));
    }

    #[test]
    fn no_decoder_gives_more_than_its_limit(
        bytes in anything(),
        limit in 0..60u64,
    ) {
        let mut decoder = ChunkDecoder::new(limit);
        let mut output = vec![0; bytes.len()];
        if let Ok(progress) = decoder.decode(&bytes, &mut output) {
            prop_assert!(progress.produced as u64 <= limit);
        }
    }
}

#[test]
fn a_body_can_be_cut_at_every_place_and_at_every_two_places() {
    for bytes in [
        &b"2\r\nhi\r\n0\r\n\r\nGET"[..],
        b"00A;x=\"y\" \r\n0123456789\r\n1 ;a\r\n!\r\n0;z\r\nA: b\r\nC:\r\n\r\n\r\n",
        b"2\r\nhiXX0\r\n\r\n",
        b"0x2\r\nhi\r\n0\r\n\r\n",
        b"2\nhi\r\n0\r\n\r\n",
        b"2\r\nhi\r\n0\r\nHost: a\r\n\r\n",
        b"fffffffffffffffff\r\n",
        b"bb9\r\n",
    ] {
        let whole = decode_whole(bytes);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                for room in [1, 3, 100] {
                    let cut = decode(bytes, &[first, second], &[room]);
                    assert_eq!(cut, whole, "{first} {second} {room}");
                }
            }
        }
        let each: Vec<usize> = (0..bytes.len()).collect();
        assert_eq!(decode(bytes, &each, &[1]), whole);
    }
}

/// A connection that is a list of pieces. It never ends: a body that asks too far is told so.
struct Pieces(VecDeque<Vec<u8>>);

impl Transport for Pieces {
    fn read(&mut self, into: &mut [u8], _deadline: Instant) -> io::Result<usize> {
        let Some(mut piece) = self.0.pop_front() else {
            return Err(io::Error::other("it asked for more than there is"));
        };
        let rest = piece.split_off(piece.len().min(into.len()));
        into[..piece.len()].copy_from_slice(&piece);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Ok(piece.len())
    }

    fn send(&mut self, _bytes: &[u8], _behind: Behind) -> io::Result<()> {
        Ok(())
    }

    fn sent(&self) -> u64 {
        0
    }
}

/// The head of a request whose body comes in chunks.
const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A request on its way in: the head and `bytes`, cut at `cuts`. What comes before the first cut
/// has arrived together with the head.
struct Arriving {
    input: Buffer,
    head: Head,
    intake: Intake<Framed>,
    connection: Pieces,
}

fn arrive(bytes: &[u8], cuts: &[usize]) -> Arriving {
    let limits = Limits::default();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    let mut pieces = VecDeque::new();
    for end in ends {
        pieces.push_back(bytes[start..end].to_vec());
        start = end;
    }
    let together = [CHUNKED, &pieces.pop_front().unwrap()].concat();
    pieces.retain(|piece| !piece.is_empty());
    let mut input = Buffer::default();
    input.reset(limits.head_bytes);
    input.room()[..together.len()].copy_from_slice(&together);
    input.grow(together.len());
    let head = parse_head(input.received(), &limits).unwrap().unwrap();
    let ahead = &together[head.end()..];
    let framed = Framed::new(head.framing(), LIMIT);
    let intake = Intake::new(framed, &head, ahead, Pace::default());
    Arriving {
        input,
        head,
        intake,
        connection: Pieces(pieces),
    }
}

impl Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (_, mut rest) = self.input.split(self.head.end());
        let connection = Some(&mut self.connection);
        self.intake.read(&mut rest, connection, true, into)
    }

    /// Lets `take` take in what is there, and brings more, until it says that this was all.
    fn all(
        &mut self,
        mut take: impl FnMut(&mut Intake<Framed>, &mut lesson02::Rest) -> Result<bool, Page>,
    ) -> Result<(), Page> {
        loop {
            let (_, mut rest) = self.input.split(self.head.end());
            if take(&mut self.intake, &mut rest)? {
                return Ok(());
            }
            let piece = self.connection.0.pop_front().expect("it has an end");
            self.input.room()[..piece.len()].copy_from_slice(&piece);
            self.input.grow(piece.len());
        }
    }

    /// What nobody has taken.
    fn behind(mut self) -> Vec<u8> {
        self.input.use_up(self.head.end() + self.intake.end());
        let rest = self.connection.0.into_iter().flatten();
        self.input.received().iter().copied().chain(rest).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_body_over_a_connection_ends_where_it_ends_whoever_reads_it(
        (bytes, data) in body(),
        behind in prop::collection::vec(any::<u8>(), 0..30),
        cuts in prop::collection::vec(any::<usize>(), 1..8),
        room in 1..50usize,
        read_first in 0..3usize,
    ) {
        let all = [bytes.as_slice(), &behind].concat();
        let mut arriving = arrive(&all, &cuts);
        let (mut read, mut buffer) = (Vec::new(), vec![0; room]);
        // An application reads some of it, or all, or nothing; the server skips the rest.
        let turns = [0, 2, usize::MAX][read_first];
        for _ in 0..turns {
            match arriving.read(&mut buffer).unwrap() {
                0 => break,
                count => read.extend_from_slice(&buffer[..count]),
            }
        }
        prop_assert!(data.starts_with(&read));
        prop_assert!(turns != usize::MAX || read == data);
        arriving.all(|intake, rest| intake.skip(rest)).unwrap();
        prop_assert!(arriving.intake.is_over());
        prop_assert_eq!(arriving.behind(), behind);
    }

    #[test]
    fn a_body_that_is_gathered_is_the_body_that_would_have_been_read(
        (bytes, data) in body(),
        behind in prop::collection::vec(any::<u8>(), 0..30),
        cuts in prop::collection::vec(any::<usize>(), 1..8),
        room in 1..50usize,
    ) {
        let all = [bytes.as_slice(), &behind].concat();
        let mut arriving = arrive(&all, &cuts);
        arriving.all(|intake, rest| intake.gather(rest)).unwrap();
        prop_assert_eq!(arriving.intake.gathered(), data.len());
        let (mut read, mut buffer) = (Vec::new(), vec![0; room]);
        while let count @ 1.. = arriving.read(&mut buffer).unwrap() {
            read.extend_from_slice(&buffer[..count]);
        }
        prop_assert_eq!(read, data);
        prop_assert_eq!(arriving.behind(), behind);
    }

    #[test]
    fn what_is_left_of_a_body_is_known_exactly_if_all_of_it_is_there(
        (bytes, _) in body(),
        behind in prop::collection::vec(any::<u8>(), 0..30),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = [bytes.as_slice(), &behind].concat();
        let arriving = arrive(&all, &[all.len()]);
        let ahead = &arriving.input.received()[arriving.head.end()..];
        prop_assert_eq!(arriving.intake.unread(ahead), Some(bytes.len() as u64));
        let arriving = arrive(&bytes, &[cut.index(bytes.len())]);
        let ahead = &arriving.input.received()[arriving.head.end()..];
        prop_assert_eq!(arriving.intake.unread(ahead), None);
    }

    #[test]
    fn a_client_reads_the_same_body_however_the_application_cuts_it(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8),
        sent_after in prop::collection::vec(any::<bool>(), 8),
        announced in any::<bool>(),
        old in any::<bool>(),
        stays in any::<bool>(),
        to_head in any::<bool>(),
    ) {
        let data = pieces.concat();
        let version = if old { "1.0" } else { "1.1" };
        let fields = if old { "Connection: keep-alive\r\n" } else { "" };
        let request = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let head = parse_head(request.as_bytes(), &Limits::default()).unwrap().unwrap();
        let mut draft = Draft::new(Persistent::new(&head, true, false), to_head);
        let (mut out, mut sent) = (Vec::new(), Vec::new());
        let length = data.len().to_string();
        let headers: &[(&str, &str)] = match announced {
            true => &[("Content-Length", &length)],
            false => &[],
        };
        draft.begin("200 OK", headers, &mut out).unwrap();
        let stamp = Stamp { date: "now", software: "test", policy: &Stays(stays) };
        draft.commit(None, Some(0), stamp, &mut out);
        for (piece, send) in pieces.iter().zip(&sent_after) {
            prop_assert_eq!(draft.push(piece, &mut out), 0);
            if *send {
                sent.append(&mut out);
            }
        }
        draft.finish(&mut out);
        sent.append(&mut out);
        let next = draft.wire().next();

        let (answer, used) = answer::parse(&sent, true, to_head).unwrap().unwrap();
        prop_assert_eq!(used, sent.len());
        prop_assert_eq!(answer.body.as_slice(), if to_head { &[] } else { data.as_slice() });
        prop_assert_eq!(next == Next::Close, answer.connection("close"));
        prop_assert_eq!(next == Next::KeepAlive, answer.connection("keep-alive"));
        let open = !announced && !to_head;
        let framing = match (to_head, announced, old) {
            (true, _, _) => Framing::NoBody,
            (false, true, _) => Framing::Length(data.len()),
            (false, false, false) => Framing::Chunked,
            (false, false, true) => Framing::UntilClose,
        };
        prop_assert_eq!(answer.framing, framing);
        prop_assert_eq!(next == Next::KeepAlive, stays && !(open && old));
    }
}

/// A server that would like its clients to stay, or not.
struct Stays(bool);

impl Policy for Stays {
    fn staying_lines(&self) -> Option<&str> {
        self.0.then_some("Connection: keep-alive\r\n\r\n")
    }
}

#[test]
fn a_fault_in_a_body_is_blamed_on_the_client_and_nothing_more_is_read() {
    for (bytes, status) in [
        (&b"0x2\r\nhi\r\n0\r\n\r\n"[..], "400"),
        (b"2\r\nhiXX0\r\n\r\n", "400"),
        (b"2\r\nhi\r\n0\r\nContent-Length: 3\r\n\r\n", "400"),
        (b"ffffffff\r\n", "413"),
    ] {
        let mut arriving = arrive(bytes, &[bytes.len()]);
        let mut buffer = [0; 100];
        let mut outcome = Ok(1);
        while let Ok(1..) = outcome {
            outcome = arriving.read(&mut buffer);
        }
        assert!(outcome.is_err() && !arriving.intake.is_over());
        assert!(arriving.read(&mut buffer).is_err());
        assert_eq!(arriving.intake.blame().map(Page::code), Some(status));
        let mut arriving = arrive(bytes, &[bytes.len()]);
        let page = arriving
            .all(|intake, rest| intake.gather(rest))
            .unwrap_err();
        assert_eq!(page.code(), status, "and the same if it is gathered");
    }
}
