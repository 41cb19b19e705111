//! What users cost in memory: idle ones, ones with State, absent ones, and a WebSocket each.
//!
//! `cargo run --release --example memory --features axum` (Linux; up to 3 GB and a minute)
//!
//! Each row is a process of its own, so that none reuses what another one freed: it reads `VmRSS` from
//! `/proc/self/status`, builds a hub with the default limits, and reads it again. Without the feature `axum` the rows
//! with sockets are left out. Numbers after the command replace the users of the rows: `-- 10 1000`.
//!
//! Of absent users the hub keeps 10,000 by default, so a million of them cost no more than those.

use std::error::Error;
use std::process::Command;

use futures::{FutureExt, StreamExt};
use user_hub::{Connection, DynamicEvent, UserHub};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [row, users] = &arguments[..] {
        if let Some(fill) = ROWS.iter().find(|known| known.name == row).map(|known| known.fill) {
            return fill(users.parse()?);
        }
    }
    let chosen = arguments.iter().map(|users| users.parse()).collect::<std::result::Result<Vec<usize>, _>>()?;
    println!("| {:<39} | {:>9} | {:>10} | {:>12} |", "", "users", "MiB", "bytes a user");
    println!("|{:-<41}|{:->10}:|{:->11}:|{:->13}:|", "", "", "", "");
    for row in ROWS {
        for &users in if chosen.is_empty() { row.users } else { &chosen } {
            let child = Command::new(std::env::current_exe()?).args([row.name, &users.to_string()]).output()?;
            if !child.status.success() {
                return Err(String::from_utf8_lossy(&child.stderr).into_owned().into());
            }
            let bytes: usize = String::from_utf8(child.stdout)?.trim().parse()?;
            let mebibytes = bytes as f64 / 1_048_576.0;
            println!("| {:<39} | {users:>9} | {mebibytes:>10.1} | {:>12} |", row.about, bytes / users.max(1));
        }
    }
    Ok(())
}

struct Row {
    name: &'static str,
    about: &'static str,
    users: &'static [usize],
    /// Prints by how many bytes the process grew.
    fill: fn(usize) -> Result<()>,
}

const ROWS: &[Row] = &[
    Row { name: "idle", about: "connected, idle", users: &[10, 10_000, 1_000_000], fill: idle },
    Row { name: "state", about: "connected, three States of 200 bytes", users: &[10, 10_000, 1_000_000], fill: state },
    Row { name: "log", about: "connected, 128 Log records of 200 bytes", users: &[10, 10_000], fill: log },
    Row { name: "absent", about: "absent, three States of 200 bytes", users: &[10, 10_000, 1_000_000], fill: absent },
    #[cfg(feature = "axum")]
    Row { name: "sockets", about: "connected by an axum WebSocket, idle", users: &[10, 5_000], fill: sockets::fill },
];

fn idle(users: usize) -> Result<()> {
    grown_by(|hub| (0..users).map(|user| connect(hub, user)).collect())
}

fn state(users: usize) -> Result<()> {
    grown_by(|hub| {
        let mut devices = Vec::with_capacity(users);
        for user in 0..users {
            let mut device = connect(hub, user)?;
            set_three(hub, user)?;
            read_all(&mut device);
            devices.push(device);
        }
        Ok(devices)
    })
}

fn log(users: usize) -> Result<()> {
    grown_by(|hub| {
        let event = DynamicEvent::log("NOTE", "x".repeat(198).into())?;
        let mut devices = Vec::with_capacity(users);
        for user in 0..users {
            let mut device = connect(hub, user)?;
            for _ in 0..128 {
                hub.broadcast_dynamic(&name(user), &event);
            }
            read_all(&mut device);
            devices.push(device);
        }
        Ok(devices)
    })
}

fn absent(users: usize) -> Result<()> {
    grown_by(|hub| {
        (0..users).try_for_each(|user| set_three(hub, user))?;
        Ok(Vec::new())
    })
}

fn set_three(hub: &UserHub, user: usize) -> Result<()> {
    for key in ["one", "two", "three"] {
        hub.broadcast_dynamic(&name(user), &DynamicEvent::state("VALUE", key, "x".repeat(198).into())?);
    }
    Ok(())
}

fn name(user: usize) -> String {
    format!("user-{user:08}")
}

fn connect(hub: &UserHub, user: usize) -> Result<Connection> {
    let mut device = hub.connect(&name(user))?;
    read_all(&mut device);
    Ok(device)
}

/// Takes what there is, and parks.
fn read_all(device: &mut Connection) {
    while device.next().now_or_never().is_some() {}
}

fn grown_by(fill: impl FnOnce(&UserHub) -> Result<Vec<Connection>>) -> Result<()> {
    let hub = UserHub::new();
    let before = resident()?;
    let devices = fill(&hub)?;
    println!("{}", resident()?.saturating_sub(before));
    drop(devices);
    Ok(())
}

/// What of this process is in memory, in bytes.
fn resident() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<usize>()? * 1_024)
}

/// A server in this process, and its devices in another, whose memory does not count.
#[cfg(feature = "axum")]
mod sockets {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use axum::Router;
    use axum::extract::{Path, State};
    use axum::routing::get;
    use user_hub::UserHub;
    use user_hub::transport::OriginPolicy;
    use user_hub::transport::axum::WebSocketRequest;

    use super::{Result, name, resident};

    pub(super) fn fill(users: usize) -> Result<()> {
        match std::env::var("MEMORY_SERVER") {
            Ok(address) => devices(&address, users),
            Err(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server(users)),
        }
    }

    async fn server(users: usize) -> Result<()> {
        let hub = UserHub::new();
        let device = async |State(hub): State<UserHub>, Path(user): Path<String>, device: WebSocketRequest| {
            device.serve(&hub, &user, &OriginPolicy::any())
        };
        let app = Router::new().route("/{user}", get(device)).with_state(hub.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let served = tokio::spawn(async move { axum::serve(listener, app).await });
        let before = resident()?;
        let mut devices = Command::new(std::env::current_exe()?)
            .args(["sockets", &users.to_string()])
            .env("MEMORY_SERVER", address)
            .stdin(Stdio::piped())
            .spawn()?;
        while hub.connection_count() < users {
            if let Some(status) = devices.try_wait()? {
                return Err(format!("the devices ended: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        println!("{}", resident()?.saturating_sub(before));
        devices.kill()?;
        devices.wait()?;
        served.abort();
        Ok(())
    }

    /// Connects, and holds the sockets until the server has measured.
    fn devices(address: &str, users: usize) -> Result<()> {
        let mut open = Vec::with_capacity(users);
        for user in 0..users {
            let mut socket = TcpStream::connect(address)?;
            write!(
                socket,
                "GET /{} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                name(user)
            )?;
            let mut answer = [0; 1_024];
            if socket.read(&mut answer)? == 0 || !answer.starts_with(b"HTTP/1.1 101") {
                return Err("the server refused a device".into());
            }
            open.push(socket);
        }
        std::io::stdin().read_to_end(&mut Vec::new())?;
        Ok(())
    }
}
