//! How a model is checked: which schedules are tried, and how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::JoinHandle;
use shuttle::{Config, Runner};
use user_hub::UserHub;

use crate::preemptions::Preemptions;

/// Up to how many schedules with few preemptions are tried, and how many at random, in each of two ways.
fn budget() -> (usize, usize) {
    // Ten times as thorough.
    if std::env::var_os("USER_HUB_DEEP").is_some() { (400_000, 50_000) } else { (40_000, 5_000) }
}

/// Runs a model under every schedule without a preemption, then with up to one, up to two and so on, until the budget is
/// used up; then under schedules with preemptions at random places (PCT), then under those that are random at every step.
#[track_caller]
pub(crate) fn check(model: impl Fn() + Send + Sync + Clone + 'static) {
    let (few_preemptions, at_random) = budget();
    let (mut tried, mut complete) = (0, None);
    for allowed in 0.. {
        let (scheduler, is_exhausted) = Preemptions::new(allowed, few_preemptions - tried);
        tried += run(&format!("up to {allowed} preemptions"), scheduler, model.clone());
        if !is_exhausted.load(Ordering::Relaxed) {
            break;
        }
        complete = Some(allowed);
    }
    run("PCT", PctScheduler::new(4, at_random), model.clone());
    run("random", RandomScheduler::new(at_random), model);
    let complete = complete.expect("a model has few schedules without a preemption");
    println!("{}: all schedules with up to {complete} preemptions, {} in all", name(), tried + 2 * at_random);
}

/// Runs a model so small that every schedule there is can be tried.
#[track_caller]
pub(crate) fn check_all(model: impl Fn() + Send + Sync + 'static) {
    let (scheduler, is_exhausted) = Preemptions::new(usize::MAX, usize::MAX);
    let tried = run("any number of preemptions", scheduler, model);
    assert!(is_exhausted.load(Ordering::Relaxed));
    println!("{}: all schedules there are, {tried}", name());
}

#[track_caller]
fn run(which: &str, scheduler: impl Scheduler + 'static, model: impl Fn() + Send + Sync + 'static) -> usize {
    // What sleeps on a runtime finds one whose clock stands still. All threads of a model are on this thread of the system.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _entered = runtime.enter();
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.silence_warnings = true;
    let attempt = Attempt { which, count: Arc::default() };
    let count = Arc::clone(&attempt.count);
    Runner::new(scheduler, config).run(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    })
}

/// Says where a model has failed.
struct Attempt<'w> {
    which: &'w str,
    count: Arc<AtomicUsize>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}: fails at schedule {} with {}", name(), self.count.load(Ordering::Relaxed), self.which);
        }
    }
}

/// The model's name: tests are threads of that name.
fn name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// Does something with a hub on another thread of the model.
pub(crate) fn beside<T: Send + 'static>(
    hub: &UserHub,
    work: impl FnOnce(UserHub) -> T + Send + 'static,
) -> JoinHandle<T> {
    let hub = hub.clone();
    shuttle::thread::spawn(move || work(hub))
}
