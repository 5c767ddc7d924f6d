//! The driver: a task that may wait.

// ANCHOR: converse
use std::sync::Arc;
use std::time::Instant;

use lesson07::{Conversation, House, Step};
use tokio::sync::watch;

use crate::application::{Mounted, Table};
use crate::desk::at_the_desk;
use crate::kitchen::{Kitchen, take_turn};
use crate::line::AsyncLine;
use crate::upgrade::speak;

/// What all tasks share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) house: Arc<House>,
    pub(crate) kitchen: Arc<Kitchen>,
    pub(crate) mounted: Arc<Mounted>,
}

// ANCHOR: driver
/// Does what the conversation needs, one thing after the other, and awaits wherever that means to
/// wait: receive, send, work, or end.
pub(crate) async fn converse(
    shared: Shared,
    mut closing: watch::Receiver<bool>,
    mut line: AsyncLine,
    mut talk: Conversation,
) {
    let (house, kitchen, mounted) = (shared.house, shared.kitchen, shared.mounted);
    let mut table = Table::default();
    loop {
        let now = Instant::now();
        match at_the_desk(&house, &mut talk, |talk, papers| {
            talk.step(&house, papers, now)
        }) {
            Step::Receive(until) if talk.is_resting() && !*closing.borrow() => {
                tokio::select! {
                    () = line.receive(&mut talk, until) => {}
                    _ = closing.changed() => {} // Its next step has less patience.
                }
            }
            Step::Receive(until) => line.receive(&mut talk, until).await,
            Step::Send(behind) => line.send(&mut talk, behind).await,
            Step::Work if table.lay(&house, &mounted, &mut talk).await => {
                take_turn(&house, &mut talk);
            }
            Step::Work => match kitchen.work(&house, talk).await {
                Some(back) => talk = back,
                None => return,
            },
            Step::Upgrade(protocol) => {
                let received = at_the_desk(&house, &mut talk, |_, papers| papers.take_received());
                // In a box: every task would be as large as the largest thing that it may do.
                return Box::pin(speak(&house, line, protocol, received)).await;
            }
            Step::End(ending) => return line.close(ending).await,
        }
    }
}
// ANCHOR_END: driver
// ANCHOR_END: converse
