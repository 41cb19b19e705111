//! The servers, which publish within themselves what the load client orders.
//!
//! A line of the order is `EVENTS FIRST COUNT`: so many events for each of `COUNT` users from the one with that number.

mod axum_loop;
mod socketioxide;
mod user_hub;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::http::HeaderMap;
use axum::serve::ListenerExt;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::payload;

/// Users who get theirs before the tasks of the connections have their turn.
const AT_ONCE: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Server {
    UserHub,
    AxumLoop,
    Socketioxide,
    NodeWs,
}

impl Server {
    /// In the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::UserHub, Self::Socketioxide, Self::AxumLoop, Self::NodeWs];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UserHub => "user_hub",
            Self::AxumLoop => "axum_loop",
            Self::Socketioxide => "socketioxide",
            Self::NodeWs => "node_ws",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.name() == name)
    }

    /// Where a device asks for its WebSocket.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Socketioxide => "/socket.io/?EIO=4&transport=websocket",
            Self::UserHub | Self::AxumLoop | Self::NodeWs => "/ws",
        }
    }

    /// What a device sends first.
    pub(crate) const fn greeting(self) -> &'static [u8] {
        match self {
            // Connects it to the main namespace of Socket.IO.
            Self::Socketioxide => b"40",
            Self::UserHub | Self::AxumLoop | Self::NodeWs => b"",
        }
    }

    /// What starts it: it prints its port and the port for orders, and ends with the connection for orders.
    pub(crate) fn command(self) -> Command {
        if self == Self::NodeWs {
            let mut node = Command::new("node");
            let pnl = serde_json::to_string(&payload::state()).expect("it has a text");
            node.arg(directory().join("ws.mjs")).arg(pnl);
            return node;
        }
        let mut this = Command::new(std::env::current_exe().expect("it runs"));
        this.args(["serve", self.name()]);
        this
    }

    /// Why it cannot run here.
    pub(crate) fn missing(self) -> Option<String> {
        if self != Self::NodeWs {
            return None;
        }
        let node = Command::new("node").arg("--version").output();
        if !node.is_ok_and(|output| output.status.success()) {
            return Some(String::from("there is no node"));
        }
        let installed = directory().join("node_modules/ws").is_dir();
        (!installed).then(|| String::from("`npm ci` was not run in benches/end_to_end"))
    }

    pub(crate) async fn serve(self) {
        match self {
            Self::UserHub => user_hub::serve().await,
            Self::AxumLoop => axum_loop::serve().await,
            Self::Socketioxide => socketioxide::serve().await,
            Self::NodeWs => panic!("node runs it"),
        }
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("end_to_end")
}

/// What sends so many events, one after the other, to all devices of a user.
trait Publisher {
    async fn publish(&mut self, user: &str, events: usize);
}

/// Serves the devices, and publishes as it is told, until nobody orders any more.
async fn run(app: Router, mut publisher: impl Publisher) {
    let devices = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let orders = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("it listens").port();
    println!("{} {}", port(&devices), port(&orders));
    let devices = devices.tap_io(|socket| socket.set_nodelay(true).expect("it is a TCP socket"));
    tokio::spawn(async move { axum::serve(devices, app).await });
    let (orders, _) = orders.accept().await.expect("the load client comes");
    let mut orders = BufReader::new(orders).lines();
    while let Ok(Some(order)) = orders.next_line().await {
        let mut numbers = order.split(' ').map(|number| number.parse::<usize>().expect("a number"));
        let mut next = || numbers.next().expect("three numbers");
        let (events, first, count) = (next(), next(), next());
        for (at, number) in (first..first + count).enumerate() {
            publisher.publish(&user(number), events).await;
            if at % AT_ONCE == AT_ONCE - 1 || at == count - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}

pub(crate) fn user(number: usize) -> String {
    format!("user-{number}")
}

/// Whose device it is, as a sign-in would say.
fn signed_in(headers: &HeaderMap) -> &str {
    headers.get("x-user").and_then(|user| user.to_str().ok()).expect("the load client says it")
}
