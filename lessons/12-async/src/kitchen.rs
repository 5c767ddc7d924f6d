//! Threads for applications that block.

// ANCHOR: kitchen
use std::sync::Arc;

use lesson03::Transport;
use lesson07::{Conversation, House};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::desk::at_the_desk;

/// Where applications work. The runtime has threads for those who block, and queues who finds none
/// without an end; so many turns at once are what we allow.
pub(crate) struct Kitchen {
    room: Option<Semaphore>,
}

impl Kitchen {
    /// A kitchen in which so many may work at once. Without any, they work where the tasks are.
    pub(crate) fn new(workers: usize) -> Kitchen {
        Kitchen {
            room: (workers > 0).then(|| Semaphore::new(workers)),
        }
    }

    /// The application's turn. `None`: something of ours went wrong with it.
    pub(crate) async fn work(
        &self,
        house: &Arc<House>,
        mut conversation: Conversation,
    ) -> Option<Conversation> {
        let Some(room) = &self.room else {
            take_turn(house, &mut conversation);
            return Some(conversation);
        };
        // Nobody closes it.
        let _permit = room.acquire().await.ok()?;
        let house = Arc::clone(house);
        let turn = move || {
            take_turn(&house, &mut conversation);
            conversation
        };
        spawn_blocking(turn).await.ok()
    }
}

/// The application's turn, at the desk of this thread.
pub(crate) fn take_turn(house: &House, conversation: &mut Conversation) {
    at_the_desk(house, conversation, |conversation, papers| {
        conversation.work(house, papers, None::<&mut dyn Transport>);
    });
}
// ANCHOR_END: kitchen
