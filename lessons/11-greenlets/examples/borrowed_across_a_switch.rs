//! A greenlet that pauses with a `RefCell` in its hand, and the next one that wants it.
//!
//! `cargo run -p lesson11 --example borrowed_across_a_switch`

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use lesson11::{pause, run, spawn};

fn main() -> io::Result<()> {
    println!("with the borrow in hand:");
    two(|names, name| {
        let mut names = names.borrow_mut();
        pause(Duration::from_millis(1)); // Like every call that waits somewhere inside.
        names.push(name);
    })?;
    println!("with the pause outside of it:");
    two(|names, name| {
        pause(Duration::from_millis(1));
        names.borrow_mut().push(name);
    })
}

/// Lets two greenlets write their names down like that.
fn two(write: fn(&RefCell<Vec<&'static str>>, &'static str)) -> io::Result<()> {
    let names = Rc::new(RefCell::new(Vec::new()));
    let all = Rc::clone(&names);
    run(64 * 1024, move || {
        for name in ["Ada", "Grace"] {
            let names = Rc::clone(&names);
            let spawned = spawn(move || write(&names, name));
            if let Err(error) = spawned {
                println!("no stack: {error}");
            }
        }
    })?;
    println!("{:?}", all.borrow());
    Ok(())
}
