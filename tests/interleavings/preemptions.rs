//! Every schedule with at most so many preemptions, one after another.
//!
//! A preemption takes a thread off that could have gone on. Where a thread waits or ends, another has to go on, which costs
//! nothing; each of those that can is tried. Few faults need more than two preemptions, and how many schedules there are
//! grows with the number of steps to the power of the preemptions only.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

/// A point where there was a choice: which was taken, out of how many. The first goes on with the thread that runs.
#[derive(Debug, Clone, Copy)]
struct Choice {
    taken: usize,
    of: usize,
}

/// Depth first, so that nothing need be remembered but the way to where it is.
#[derive(Debug)]
pub(crate) struct Preemptions {
    allowed: usize,
    at_most: usize,
    schedules: usize,
    choices: Vec<Choice>,
    step: usize,
    spent: usize,
    is_exhausted: Arc<AtomicBool>,
}

impl Preemptions {
    /// All schedules with up to `allowed` preemptions, of which it runs `at_most`; the flag says whether those were all.
    pub(crate) fn new(allowed: usize, at_most: usize) -> (Self, Arc<AtomicBool>) {
        let is_exhausted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_exhausted);
        (Self { allowed, at_most, schedules: 0, choices: Vec::new(), step: 0, spent: 0, is_exhausted }, flag)
    }

    /// Goes on to the next schedule: the last choice that has an alternative left takes it.
    fn advance(&mut self) -> bool {
        while let Some(last) = self.choices.last_mut() {
            last.taken += 1;
            if last.taken < last.of {
                return true;
            }
            self.choices.pop();
        }
        false
    }

    fn choose(&mut self, of: usize) -> usize {
        if of == 1 {
            return 0;
        }
        if self.step == self.choices.len() {
            self.choices.push(Choice { taken: 0, of });
        }
        let choice = self.choices[self.step];
        assert_eq!(choice.of, of, "a model takes the same way when it is given the same choices");
        self.step += 1;
        choice.taken
    }
}

impl Scheduler for Preemptions {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.schedules > 0 && !self.advance() {
            self.is_exhausted.store(true, Ordering::Relaxed);
            return None;
        }
        if self.schedules == self.at_most {
            return None;
        }
        self.schedules += 1;
        self.step = 0;
        self.spent = 0;
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        let current = runnable.iter().position(|task| Some(task.id()) == current).filter(|_| !is_yielding);
        let Some(current) = current else {
            let taken = self.choose(runnable.len());
            return Some(runnable[taken].id());
        };
        let taken = self.choose(if self.spent < self.allowed { runnable.len() } else { 1 });
        self.spent += usize::from(taken > 0);
        let others = (0..runnable.len()).filter(|at| *at != current);
        std::iter::once(current).chain(others).nth(taken).map(|at| runnable[at].id())
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("no model asks for chance")
    }
}

/// Runs two threads of three steps each, and returns every order of their steps that it saw.
fn orders(allowed: usize) -> BTreeSet<String> {
    let (scheduler, is_exhausted) = Preemptions::new(allowed, usize::MAX);
    let orders: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let seen = Arc::clone(&orders);
    let model = move || {
        let order: Arc<Mutex<String>> = Arc::default();
        let threads = ['a', 'b'].map(|name| {
            let order = Arc::clone(&order);
            let step = shuttle::sync::atomic::AtomicBool::new(false);
            shuttle::thread::spawn(move || {
                for _ in 0..3 {
                    step.load(Ordering::Relaxed);
                    order.lock().unwrap().push(name);
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        seen.lock().unwrap().insert(std::mem::take(&mut order.lock().unwrap()));
    };
    let mut config = shuttle::Config::new();
    config.silence_warnings = true;
    shuttle::Runner::new(scheduler, config).run(model);
    assert!(is_exhausted.load(Ordering::Relaxed));
    std::mem::take(&mut orders.lock().unwrap())
}

#[test]
fn without_a_preemption_one_thread_comes_after_the_other() {
    assert_eq!(Vec::from_iter(orders(0)), ["aaabbb", "bbbaaa"]);
}

#[test]
fn one_preemption_lets_the_other_come_between() {
    assert_eq!(Vec::from_iter(orders(1)), ["aaabbb", "aabbba", "abbbaa", "baaabb", "bbaaab", "bbbaaa"]);
}

#[test]
fn enough_preemptions_are_every_order_there_is() {
    assert_eq!(orders(usize::MAX).len(), 20);
}
