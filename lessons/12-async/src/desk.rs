//! One desk for each thread, on which nobody leaves anything.

// ANCHOR: desk
use std::cell::RefCell;

use lesson07::{Conversation, Drawer, House, Papers};

/// A desk and its drawer.
struct Place {
    papers: Box<Papers>,
    drawer: Drawer,
}

thread_local! {
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

/// Lays a conversation's papers on this thread's desk, does something with them, and clears them
/// away: a task may go on at another desk after each `.await`, and must not leave anything.
///
/// This is no `async` function and takes none, so nobody can wait at the desk: the compiler sees
/// to that.
pub(crate) fn at_the_desk<R>(
    house: &House,
    conversation: &mut Conversation,
    work: impl FnOnce(&mut Conversation, &mut Papers) -> R,
) -> R {
    PLACE.with_borrow_mut(|place| {
        let Place { papers, drawer } = place.get_or_insert_with(|| {
            let mut drawer = Drawer::new(house.gateway.settings.limits.head_bytes);
            let papers = drawer.take();
            Place { papers, drawer }
        });
        conversation.lay_out(papers, drawer);
        let result = work(conversation, papers);
        conversation.clear_away(papers, drawer);
        result
    })
}
// ANCHOR_END: desk
