//! This test program once more, as a process of its own: as a server to kill, or where nothing else takes memory.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use user_hub::UserHub;

use super::Random;
use super::service::{Book, Service, Truth};
use crate::sockets::App;

/// Which run a server is.
const RUN: &str = "USER_HUB_TEST_RUN";
/// Set where a test is alone.
const ALONE: &str = "USER_HUB_TEST_ALONE";

/// Runs the test in a process of its own; false in that process.
pub(crate) fn is_run_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return false;
    }
    let output = this_program(test).env(ALONE, "1").output().unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", output.status);
    true
}

fn this_program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// Orders that each run says first, and then leaves as they are.
pub(crate) const KEPT_ORDERS: [&str; 5] = ["kept-1", "kept-2", "kept-3", "kept-4", "kept-5"];

/// What this process takes, in KiB.
pub(crate) fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A server that is killed, and started again on the same port.
pub(crate) struct Server {
    listener: TcpListener,
    test: &'static str,
    process: Child,
    pub(crate) run: u64,
}

impl Server {
    /// Starts the test, which is to call [`serve`], as a server.
    pub(crate) fn start(test: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let process = Self::spawn(&listener, test, 1);
        Self { listener, test, process, run: 1 }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.run += 1;
        self.process = Self::spawn(&self.listener, self.test, self.run);
    }

    /// The port is open in this process too, so nobody else can have it while there is no server.
    fn spawn(listener: &TcpListener, test: &str, run: u64) -> Child {
        let port = OwnedFd::from(listener.try_clone().unwrap());
        let mut command = this_program(test);
        command.env(RUN, run.to_string()).stdin(port).stdout(Stdio::null()).spawn().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves, if this is the process to do it: a service that broadcasts until it is asked for the truth.
pub(crate) fn serve() {
    let Ok(run) = std::env::var(RUN) else { return };
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned().unwrap());
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let hub = UserHub::builder().log_records(1_000_000).log_bytes(256 << 20).build().unwrap();
        let run = run.parse().unwrap();
        let service = Service::with(&hub, &Arc::new(Book::of_run(run)), Random::of(run), 40, &KEPT_ORDERS);
        let (ask, asked) = mpsc::channel(1);
        tokio::spawn(broadcast(hub.clone(), service, asked));
        let router = App::new(&hub).router().route("/truth", get(async move || truth(ask).await));
        axum::serve(listener, router).await.unwrap();
    });
}

async fn truth(ask: mpsc::Sender<oneshot::Sender<Truth>>) -> String {
    let (answer, truth) = oneshot::channel();
    ask.send(answer).await.unwrap();
    json!(truth.await.unwrap()).to_string()
}

/// A little each millisecond, from when a device is there: what nobody is there for has no number.
async fn broadcast(hub: UserHub, mut service: Service, mut asked: mpsc::Receiver<oneshot::Sender<Truth>>) {
    let mut random = Random::of(0);
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    let mut is_expected = false;
    loop {
        tokio::select! {
            _ = tick.tick() => {
                is_expected |= hub.is_connected("alice");
                let steps = if is_expected { random.below(8) } else { 0 };
                (0..steps).for_each(|_| service.step());
            }
            answer = asked.recv() => {
                answer.unwrap().send(service.finish()).unwrap();
                return;
            }
        }
    }
}
