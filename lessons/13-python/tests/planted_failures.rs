//! What happens to those who do it the other way.

mod served;

use served::{get, serve};

#[test]
fn a_thread_that_attaches_for_each_call_forgets_and_pays_for_it() {
    let Some(server) = serve("attached:app") else {
        return;
    };
    let answer = get(&server, "/");
    let said = answer.text();
    assert!(
        said.contains("for life:       opened 1 connection for 2000 calls"),
        "{said}"
    );
    assert!(
        said.contains("for each call:  opened 2000 connections for 2000 calls"),
        "{said}"
    );
    let dearer: f64 = answer.field("X-Dearer").unwrap().parse().unwrap();
    assert!(dearer > 2.0, "only {dearer} times as dear");
}
