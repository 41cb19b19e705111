//! What users cost in memory: idle ones, ones with State, absent ones, and a WebSocket each.
//!
//! `cargo run --release --example memory --features axum` (Linux; up to 4 GB and a minute)
//!
//! Each row is a process of its own, so that none reuses what another one freed: it reads `VmRSS` from
//! `/proc/self/status`, builds a hub with the default limits, and reads it again. The second table is about what the
//! limits in bytes, 256 KiB of Log and 512 KiB of State a user, are in the process. Without the feature `axum` the rows
//! with sockets are left out. Numbers after the command replace the users of the rows: `-- 10 1000`.
//!
//! Of absent users the hub keeps 10,000 by default, so a million of them cost no more than those.

use std::error::Error;
use std::process::Command;

use futures::{FutureExt, StreamExt};
use user_hub::{Connection, DynamicEvent, Outcome, UserHub};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [row, number] = &arguments[..] {
        if let Some(fill) = ROWS.iter().chain(FULL).find(|known| known.name == row).map(|known| known.fill) {
            return fill(number.parse()?);
        }
    }
    let chosen = arguments.iter().map(|users| users.parse()).collect::<std::result::Result<Vec<usize>, _>>()?;
    println!("| {:<39} | {:>9} | {:>10} | {:>12} |", "", "users", "MiB", "bytes a user");
    println!("|{:-<41}|{:->10}:|{:->11}:|{:->13}:|", "", "", "", "");
    for row in ROWS {
        for &users in if chosen.is_empty() { row.numbers } else { &chosen } {
            let bytes = measure(row, users)?;
            let mebibytes = bytes as f64 / 1_048_576.0;
            println!("| {:<39} | {users:>9} | {mebibytes:>10.1} | {:>12} |", row.about, bytes / users.max(1));
        }
    }
    println!("\n| {:<39} | {:>14} | {:>12} |", "a user with", "bytes of data", "bytes a user");
    println!("|{:-<41}|{:->15}:|{:->13}:|", "", "", "");
    for row in FULL {
        for &size in row.numbers {
            println!("| {:<39} | {size:>14} | {:>12} |", row.about, measure(row, size)? / FULL_USERS);
        }
    }
    Ok(())
}

fn measure(row: &Row, number: usize) -> Result<usize> {
    let child = Command::new(std::env::current_exe()?).args([row.name, &number.to_string()]).output()?;
    if !child.status.success() {
        return Err(String::from_utf8_lossy(&child.stderr).into_owned().into());
    }
    Ok(String::from_utf8(child.stdout)?.trim().parse()?)
}

struct Row {
    name: &'static str,
    about: &'static str,
    /// Of users, or of bytes in the data of each record.
    numbers: &'static [usize],
    /// Prints by how many bytes the process grew.
    fill: fn(usize) -> Result<()>,
}

const ROWS: &[Row] = &[
    Row { name: "idle", about: "connected, idle", numbers: &[10, 10_000, 1_000_000], fill: idle },
    Row {
        name: "state",
        about: "connected, three States of 200 bytes",
        numbers: &[10, 10_000, 1_000_000],
        fill: state,
    },
    Row { name: "log", about: "connected, 128 Log records of 200 bytes", numbers: &[10, 10_000], fill: log },
    Row { name: "absent", about: "absent, three States of 200 bytes", numbers: &[10, 10_000, 1_000_000], fill: absent },
    #[cfg(feature = "axum")]
    Row { name: "sockets", about: "connected by an axum WebSocket, idle", numbers: &[10, 5_000], fill: sockets::fill },
];

const FULL_USERS: usize = 200;
const SIZES: &[usize] = &[2, 50, 200, 1_000, 8_000, 30_000];

/// What the bytes that a hub counts are in the process: logs that hold as much as they may, of records of one size.
const FULL: &[Row] = &[
    Row { name: "full-log", about: "256 KiB of Log, as the hub counts", numbers: SIZES, fill: full_log },
    Row { name: "full-state", about: "512 KiB of State, as the hub counts", numbers: SIZES, fill: full_state },
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

fn full_log(size: usize) -> Result<()> {
    fill_up(|hub, user| {
        let event = DynamicEvent::log("NOTE", "x".repeat(size - 2).into())?;
        (0..1_000).for_each(|_| drop(hub.broadcast_dynamic(user, &event)));
        Ok(())
    })
}

fn full_state(size: usize) -> Result<()> {
    fill_up(|hub, user| {
        for key in 0_u32.. {
            let event = DynamicEvent::state("VALUE", key, "x".repeat(size - 2).into())?;
            if matches!(hub.broadcast_dynamic(user, &event), Outcome::Rejected(_)) {
                break;
            }
        }
        Ok(())
    })
}

/// Bytes are the only limit here, not how many records there are.
fn fill_up(fill: impl Fn(&UserHub, &str) -> Result<()>) -> Result<()> {
    let hub = UserHub::builder().log_records(usize::MAX).state_keys(usize::MAX).build()?;
    grown(hub, |hub| {
        let mut devices = Vec::new();
        for user in 0..FULL_USERS {
            let mut device = connect(hub, user)?;
            fill(hub, &name(user))?;
            read_all(&mut device);
            devices.push(device);
        }
        Ok(devices)
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
    grown(UserHub::new(), fill)
}

fn grown(hub: UserHub, fill: impl FnOnce(&UserHub) -> Result<Vec<Connection>>) -> Result<()> {
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
