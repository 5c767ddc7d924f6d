//! The shape of each way of waiting: ratios, never times.

use check::server::Launch;
use check::workshop;
use sleep_demo::plan::{Kind, Load, TABLE};
use sleep_demo::run::{Run, Turn, kind_of};
use sleep_demo::target::Target;

use crate::alone;
use crate::fake::{self, Answer, Manner};

const LOAD: Load = Load {
    requests: 6,
    sleep_ms: 150,
    workers: 2,
};

/// Six requests take six, three or one round. Less than the ideal is impossible (a clock may be
/// a little off), and twice the ideal would be the shape of another kind.
const RATIO: std::ops::Range<f64> = 0.97..1.9;

fn assert_shape(run: &Run, kind: Kind) {
    let Run {
        name,
        summary,
        requests,
        ..
    } = run;
    assert_eq!(requests.len(), LOAD.requests, "{name}");
    assert_eq!(summary.failed, 0, "{name}: {requests:#?}");
    let ratio = summary.total_ms / kind.ideal_ms(&LOAD);
    assert!(RATIO.contains(&ratio), "{name}: {ratio} of the ideal");
    // Whatever the clock says, so many were served at once.
    assert_eq!(kind_of(requests), kind, "{name}: {requests:#?}");
    for request in requests {
        let service = request.service().unwrap();
        let order = [
            request.sent_ms,
            service.from_ms,
            service.until_ms,
            request.end_ms,
        ];
        assert!(order.is_sorted(), "{name}: {request:?}");
    }
}

fn take_turn(name: &str, kind: Option<Kind>, target: &Target, process: Option<u32>) -> Run {
    let turn = Turn {
        name,
        words: None,
        kind,
        target,
        process,
    };
    let mut frames = 0;
    let run = turn.take(&LOAD, |_, lanes| {
        frames += 1;
        assert_eq!(lanes.len(), LOAD.requests);
    });
    assert!(frames > 1, "nobody could have watched {name}");
    run.unwrap()
}

#[test]
fn little_servers_have_the_shape_of_their_kind_and_it_is_recognised() {
    let _turn = alone();
    let table = [
        (Manner::OneAtATime, Kind::OneAtATime),
        (Manner::Pool(2), Kind::Pool(2)),
        (Manner::Threads, Kind::Unbounded),
    ];
    for (manner, kind) in table {
        for answer in [Answer::Tells, Answer::SaysNothing, Answer::Chunks] {
            let name = format!("{manner:?}, {answer:?}");
            let target = Target::sleep_at(fake::start(manner, answer), &LOAD);
            let run = take_turn(&name, None, &target, None);
            assert_eq!(run.kind, kind, "{name}");
            assert_shape(&run, kind);
            let told = run.requests.iter().all(|one| one.service().unwrap().told);
            assert_eq!(told, matches!(answer, Answer::Tells), "{name}");
            assert_eq!(run.observed, None);
        }
    }
}

#[test]
fn lessons_have_the_shape_of_their_kind() {
    // Lessons join when they join the list of lessons.
    let mut plans: Vec<_> = TABLE.iter().filter_map(|row| row.plan(&LOAD)).collect();
    plans.retain(|plan| plan.package != "lesson13" || kit::needed::python());
    assert!(!plans.is_empty());
    let built = plans.into_iter().map(|plan| {
        let binary = workshop::binary(plan.package).unwrap();
        (plan, binary)
    });
    let built: Vec<_> = built.collect();
    let _turn = alone();
    for (plan, binary) in built {
        let flags = plan.flags.clone();
        let server = Launch::Lesson { binary, flags }.start(None).unwrap();
        let target = Target::sleep_at(server.address(), &LOAD);
        let run = take_turn(&plan.name, Some(plan.kind), &target, Some(server.id()));
        assert_shape(&run, plan.kind);
        let told = run.requests.iter().all(|one| one.service().unwrap().told);
        assert!(told, "{}: {:#?}", plan.name, run.requests);
        let seen = run.observed.unwrap();
        assert!(seen.peak_memory_kib > 100 && seen.context_switches > 0);
        let at_once = match plan.kind {
            Kind::OneAtATime => 1,
            Kind::Unbounded => LOAD.requests,
            Kind::Pool(workers) => workers,
        };
        // Each request that is being served has a thread, be it in a process of its own or not; but
        // greenlets and tasks have one thread among them, and that is the point of them.
        match plan.package {
            "lesson11" => assert_eq!((seen.processes, seen.threads), (1, 1)),
            "lesson12" => assert!(seen.threads < at_once, "{seen:?}"),
            _ => assert!(seen.processes >= 1 && seen.threads >= at_once, "{seen:?}"),
        }
    }
}

#[test]
fn a_refused_request_is_no_served_one() {
    let _turn = alone();
    let target = Target::sleep_at(fake::start(Manner::Full(2), Answer::Tells), &LOAD);
    let turn = Turn {
        name: "full",
        words: None,
        kind: Some(Kind::Unbounded),
        target: &target,
        process: None,
    };
    let run = turn.take(&LOAD, |_, _| ()).unwrap();
    assert_eq!((run.summary.failed, run.summary.overhead), (4, None));
}
