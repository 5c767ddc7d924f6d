//! The floor of lesson 10 inside of Python's event loop.
//!
//! ```text
//! asyncio's own epoll ── our epoll is one descriptor in it: `add_reader`
//!   └─ turn          takes in what our sockets tell, gives turns, and returns
//! a task ── send ── play    gives the one line its turn at once: the answer has left when `send`
//!                           returns
//! ```

// ANCHOR: imports
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use lesson09::Token;
use pyo3::intern;
use pyo3::prelude::*;

use crate::awaitable::Here;
use crate::failure::say_traceback;
use crate::floor::Turn;
use crate::hall::Hall;
use crate::line::{Next, Stage, Workplace};
// ANCHOR_END: imports

// ANCHOR: playing
/// What gives lines their turns, on the thread of Python's event loop.
pub(crate) struct Playing {
    pub(crate) hall: Arc<Hall>,
    workplace: Mutex<Workplace>,
    stage: OnceLock<Box<dyn Stage>>,
    python: Python3,
    /// When Python will call us, whatever happens.
    alarm: Mutex<Option<(Instant, Py<PyAny>)>>,
    /// Whether it will do so soon.
    is_soon: AtomicBool,
    /// What `await` gets at once from a `send` that is done.
    nothing: Py<Here>,
}

/// What we need of Python's side.
pub(crate) struct Python3 {
    /// Its event loop.
    pub(crate) event_loop: Py<PyAny>,
    /// A coroutine function that awaits what it is given.
    pub(crate) wait: Py<PyAny>,
    /// What gives everybody a turn who can have one.
    pub(crate) turn: Py<PyAny>,
    /// A future for the end.
    pub(crate) closed: Py<PyAny>,
}

impl Playing {
    /// For the lines of a hall.
    pub(crate) fn new(py: Python<'_>, hall: Arc<Hall>, python: Python3) -> PyResult<Playing> {
        Ok(Playing {
            workplace: Mutex::new(Workplace::new(&hall.house)),
            hall,
            stage: OnceLock::new(),
            python,
            alarm: Mutex::default(),
            is_soon: AtomicBool::new(false),
            nothing: Py::new(py, Here::new(py.None()))?,
        })
    }

    /// Sets the stage, once: it needs us, too.
    pub(crate) fn set_stage(&self, stage: Box<dyn Stage>) {
        let _ = self.stage.set(stage);
    }

    /// An awaitable of something that is here.
    pub(crate) fn here<'py>(
        &self,
        py: Python<'py>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, Here::new(value.unbind()))?.into_any())
    }

    /// An awaitable of nothing at all.
    pub(crate) fn nothing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.nothing.bind(py).clone().into_any())
    }

    /// A future, and what awaits it.
    pub(crate) fn future<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let future = self
            .python
            .event_loop
            .bind(py)
            .call_method0("create_future")?;
        let awaitable = self.python.wait.bind(py).call1((&future,))?;
        Ok((future, awaitable))
    }

    /// Begins a task.
    pub(crate) fn begin<'py>(&self, task: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let event_loop = self.python.event_loop.bind(task.py());
        event_loop.call_method1(intern!(task.py(), "create_task"), (task,))
    }
}
// ANCHOR_END: playing

// ANCHOR: turns
/// So many turns, and then the tasks have theirs.
const TURNS: usize = 64;

impl Playing {
    /// Something has happened, or somebody's time is up: gives turns.
    pub(crate) fn turn(&self, py: Python<'_>) {
        self.is_soon.store(false, Ordering::Relaxed);
        let Ok(mut workplace) = self.workplace.try_lock() else {
            return; // In the middle of a turn. There will be another.
        };
        let mut told = Vec::new();
        let _ = self.hall.edges.wait(Some(Duration::ZERO), &mut told);
        workplace.now = Instant::now();
        self.hall
            .take_in(&mut self.hall.lock(), &mut told, workplace.now);
        for _ in 0..TURNS {
            let Some(turn) = self.hall.lock().floor.take() else {
                break;
            };
            self.give(turn, &mut workplace);
        }
        let now = workplace.now;
        drop(workplace);
        self.look_ahead(py, now);
    }

    /// Gives one line its turn at once. Says whether it is blocked behind that: its client takes
    /// less than it is sent.
    pub(crate) fn play(&self, py: Python<'_>, token: Token) -> bool {
        let Ok(mut workplace) = self.workplace.try_lock() else {
            self.hall.lock().floor.call(token);
            self.soon(py);
            return false;
        };
        workplace.now = Instant::now();
        let turn = self.hall.lock().floor.take_this(token);
        let is_blocked = match turn {
            Some(turn) => self.give(turn, &mut workplace),
            None => false,
        };
        let now = workplace.now;
        drop(workplace);
        self.look_ahead(py, now);
        is_blocked
    }

    fn give(&self, mut turn: Turn, workplace: &mut Workplace) -> bool {
        let Some(stage) = self.stage.get() else {
            return false;
        };
        let next = turn.play(&self.hall.edges, &**stage, workplace);
        let (token, is_blocked) = (turn.token, turn.line.is_blocked());
        let speaks_other = turn.line.speaks_other();
        let gone = self.hall.lock().floor.give_back(turn, next);
        match gone {
            Some(mut line) => {
                line.lost();
                stage.has_left(token);
            }
            None if speaks_other && !is_blocked => stage.has_room(token),
            None => {}
        }
        is_blocked && next != Next::Leave
    }

    /// Sees to it that Python calls us when the next deadline is there, or soon if somebody can
    /// have a turn.
    fn look_ahead(&self, py: Python<'_>, now: Instant) {
        let mut inside = self.hall.lock();
        inside.look_at_the_door(&self.hall, now);
        let (is_over, is_ready) = (inside.is_over(), inside.floor.has_ready());
        let quiet = inside.floor.quiet_for(now);
        drop(inside);
        let outcome = match (is_over, is_ready, quiet) {
            (true, _, _) => self.end(py),
            (false, true, _) => {
                self.soon(py);
                Ok(())
            }
            (false, false, Some(quiet)) => self.set_alarm(py, now, quiet),
            (false, false, None) => Ok(()),
        };
        if let Err(error) = outcome {
            say_traceback(py, &error);
        }
    }

    fn end(&self, py: Python<'_>) -> PyResult<()> {
        let closed = self.python.closed.bind(py);
        if !closed.call_method0("done")?.is_truthy()? {
            closed.call_method1("set_result", (true,))?;
        }
        Ok(())
    }

    /// Gives turns as soon as the tasks have had theirs.
    pub(crate) fn soon(&self, py: Python<'_>) {
        if self.is_soon.swap(true, Ordering::Relaxed) {
            return;
        }
        let event_loop = self.python.event_loop.bind(py);
        if let Err(error) = event_loop.call_method1("call_soon", (&self.python.turn,)) {
            say_traceback(py, &error);
        }
    }

    /// As in lesson 10: a deadline that moves later costs nothing.
    fn set_alarm(&self, py: Python<'_>, now: Instant, quiet: Duration) -> PyResult<()> {
        let Ok(mut alarm) = self.alarm.try_lock() else {
            return Ok(());
        };
        let at = now + quiet;
        if alarm
            .as_ref()
            .is_some_and(|(set, _)| *set <= at && *set > now)
        {
            return Ok(());
        }
        if let Some((_, handle)) = alarm.take() {
            handle.call_method0(py, "cancel")?;
        }
        let event_loop = self.python.event_loop.bind(py);
        // The loop's clock is a little coarser than ours.
        let seconds = quiet.as_secs_f64() + 0.001;
        let handle = event_loop.call_method1("call_later", (seconds, &self.python.turn))?;
        *alarm = Some((at, handle.unbind()));
        Ok(())
    }
}
// ANCHOR_END: turns
