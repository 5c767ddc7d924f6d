//! Heads that are too much.

use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::world::World;

/// Too much.
pub(super) const GROUP: Group = Group {
    name: "limits",
    title: "Too much of a head",
    probes: &[
        Probe::behaviour("huge-head", "a head of 64 KiB", huge_head)
            .asks(
                "RFC 6585 §5",
                "A head that is too large is refused with 431 (at least some 4xx), not kept.",
            )
            .question("A client sends 64 KiB of header fields. What does the server do with them?"),
        Probe::behaviour("many-fields", "200 header fields", many_fields)
            .asks(
                "RFC 6585 §5",
                "More fields than a server will hold are refused with 431.",
            )
            .question("A client sends 200 header fields. Will the server take them?"),
        Probe::behaviour("long-target", "a target of 9000 bytes", long_target)
            .asks(
                "RFC 9110 §15.5.15",
                "A target longer than a server will read is a 414.",
            )
            .question("A client asks for a path of 9000 letters. What is the answer?"),
    ],
};

fn huge_head(world: &World) -> Verdict {
    let field = format!("X-Padding: {}\r\n", "a".repeat(4096 - 13));
    too_much(world, &world.request("GET", "/", &field.repeat(16)), 431)
}

fn many_fields(world: &World) -> Verdict {
    let fields: String = (0..200).map(|n| format!("X-Field-{n}: {n}\r\n")).collect();
    too_much(world, &world.request("GET", "/", &fields), 431)
}

fn long_target(world: &World) -> Verdict {
    let target = format!("/{}", "a".repeat(8999));
    too_much(world, &world.request("GET", &target, ""), 414)
}

fn too_much(world: &World, request: &str, wanted: u16) -> Verdict {
    match world.ask(request)?.status {
        status if status == wanted => Ok(()),
        status @ 400..=499 if status != 404 => {
            Err(Finding::Allowed(format!("wanted {wanted}, got {status}")))
        }
        status => Err(Finding::Allowed(format!(
            "wanted {wanted}, got {status}: its limit is higher, if it has one"
        ))),
    }
}
