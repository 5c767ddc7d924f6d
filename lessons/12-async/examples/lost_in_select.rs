//! A future that is given up in the middle takes along what it has: two readers of the same
//! letters, and one of them loses most of the words.
//!
//! `cargo run -p lesson12 --example lost_in_select`

#![forbid(unsafe_code)]

use std::io;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Receiver};

fn main() -> io::Result<()> {
    let runtime = Builder::new_current_thread().build()?;
    println!("kept by the future: {:?}", runtime.block_on(read(false)));
    println!("kept outside of it: {:?}", runtime.block_on(read(true)));
    Ok(())
}

/// Reads words of two letters. Whenever somebody knocks in between, it has a look at the door, and
/// goes on reading.
async fn read(outside: bool) -> Vec<String> {
    let ((write, mut letters), (knock, mut door)) = (mpsc::channel(1), mpsc::channel(1));
    tokio::spawn(async move {
        for (letter, somebody_knocks) in [('g', true), ('o', false), ('o', false), ('n', false)] {
            let _ = write.send(letter).await;
            if somebody_knocks {
                let _ = knock.send(()).await;
            }
        }
    });
    let (mut words, mut kept) = (Vec::new(), String::new());
    loop {
        let mut own = String::new();
        let word = if outside { &mut kept } else { &mut own };
        tokio::select! {
            biased;
            is_whole = fill(word, &mut letters) => match is_whole {
                true => words.push(std::mem::take(word)),
                false => return words,
            },
            Some(()) = door.recv() => {} // The future above is dropped here, and `own` with it.
        }
    }
}

// ANCHOR: fill
/// Puts letters in until there are two of them. False: no more come.
async fn fill(word: &mut String, letters: &mut Receiver<char>) -> bool {
    while word.len() < 2 {
        match letters.recv().await {
            Some(letter) => word.push(letter),
            None => return false,
        }
    }
    true
}
// ANCHOR_END: fill
