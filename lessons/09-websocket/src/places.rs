//! Who sits where, and whether that is still the one we mean.

// ANCHOR: token
/// The name of a connection, for those who speak of it while it may be gone.
///
/// A descriptor would not do: the kernel gives a number away again as soon as it is closed, and
/// news of the old connection would be delivered to the new one. A place is given away again, too,
/// but its turn has moved on by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    place: u32,
    turn: u32,
}

impl Token {
    /// A token for something that there is once, and that no place has: those begin with turn 1.
    pub const fn special(number: u32) -> Token {
        Token {
            place: number,
            turn: 0,
        }
    }

    /// Whether it is one of those.
    pub const fn is_special(self) -> bool {
        self.turn == 0
    }

    /// The token as the kernel keeps it.
    pub fn to_number(self) -> u64 {
        u64::from(self.turn) << 32 | u64::from(self.place)
    }

    /// The token that the kernel has kept.
    pub fn from_number(number: u64) -> Token {
        Token {
            place: number as u32, // The lower half.
            turn: (number >> 32) as u32,
        }
    }
}
// ANCHOR_END: token

// ANCHOR: places
/// Places for guests, who get a token when they come and are found by it until they leave.
#[derive(Debug)]
pub struct Places<G> {
    places: Vec<Place<G>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<G> {
    turn: u32,
    guest: Option<G>,
}

impl<G> Default for Places<G> {
    fn default() -> Places<G> {
        Places {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<G> Places<G> {
    /// Gives a guest a place.
    pub fn seat(&mut self, guest: G) -> Token {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                turn: 0,
                guest: None,
            });
            // There are fewer descriptors than that.
            (self.places.len() - 1) as u32
        });
        let seat = &mut self.places[place as usize];
        // After four thousand million guests it begins again with 1; 0 is for special ones.
        seat.turn = seat.turn.checked_add(1).unwrap_or(1);
        seat.guest = Some(guest);
        Token {
            place,
            turn: seat.turn,
        }
    }

    /// The guest with this token, if it has not left.
    pub fn get_mut(&mut self, token: Token) -> Option<&mut G> {
        let place = self.places.get_mut(token.place as usize)?;
        match place.turn == token.turn {
            true => place.guest.as_mut(),
            false => None,
        }
    }

    /// Lets a guest leave.
    pub fn leave(&mut self, token: Token) -> Option<G> {
        self.get_mut(token)?;
        self.free.push(token.place);
        self.places[token.place as usize].guest.take()
    }

    /// How many guests there are.
    pub fn count(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The tokens of all guests.
    pub fn tokens(&self) -> impl Iterator<Item = Token> {
        let numbered = self.places.iter().zip(0..);
        numbered
            .filter(|(place, _)| place.guest.is_some())
            .map(|(place, number)| Token {
                place: number,
                turn: place.turn,
            })
    }
}
// ANCHOR_END: places

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_finds_its_guest_and_never_the_next_one_on_the_same_place() {
        let mut places = Places::default();
        let first = places.seat("first");
        assert_eq!(places.leave(first), Some("first"));
        let second = places.seat("second");
        assert_eq!(first.place, second.place);
        assert_eq!(places.get_mut(first), None);
        assert_eq!(places.leave(first), None);
        assert_eq!(places.get_mut(second), Some(&mut "second"));
        assert_eq!(places.count(), 1);
        assert_eq!(places.tokens().collect::<Vec<_>>(), [second]);
    }

    #[test]
    fn a_token_comes_back_from_the_kernel_as_it_went() {
        let token = Token {
            place: 7,
            turn: u32::MAX,
        };
        assert_eq!(Token::from_number(token.to_number()), token);
        let mut places: Places<()> = Places::default();
        assert_eq!(places.get_mut(Token::special(0)), None);
    }
}
