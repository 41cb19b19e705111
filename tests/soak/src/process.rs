//! The server as the driver has it: a process on a socket that outlives it.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Failure;
use crate::server::{Life, Report};
use crate::wire::{BUFFER, ask};

/// What a server has time for that is asked for something; all devices may come back at that moment.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct Server {
    /// Open here too, so nobody else can have the port while there is no server.
    listener: TcpListener,
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(life: &Life) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(BUFFER)?;
        socket.bind("127.0.0.1:0".parse()?)?;
        let listener = socket.listen(4096)?.into_std()?;
        let process = Self::spawn(&listener, life)?;
        Ok(Self { address: listener.local_addr()?, listener, process })
    }

    fn spawn(listener: &TcpListener, life: &Life) -> Result<Child, Failure> {
        let port = OwnedFd::from(listener.try_clone()?);
        let mut command = Command::new(std::env::current_exe()?);
        Ok(command.arg("serve").args(life.arguments()).stdin(port).kill_on_drop(true).spawn()?)
    }

    /// Without a warning.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        self.process.kill().await?;
        Ok(())
    }

    /// As a host that deploys: the server drains, and ends by itself.
    pub(crate) async fn interrupt(&mut self) -> Result<(), Failure> {
        let process = self.process.id().ok_or("the server is gone")?.to_string();
        Command::new("kill").args(["-INT", &process]).status().await?;
        let ended = timeout(PATIENCE, self.process.wait()).await.map_err(|_| "the server does not end")??;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }

    pub(crate) fn start_again(&mut self, life: &Life) -> Result<(), Failure> {
        self.process = Self::spawn(&self.listener, life)?;
        Ok(())
    }

    pub(crate) async fn report(&self) -> Result<Report, Failure> {
        timeout(PATIENCE, ask(self.address, "GET", "/report")).await.map_err(|_| "the server does not answer")?
    }

    /// Asks the server to do something, and returns when it is done.
    pub(crate) async fn ask(&self, what: &str) -> Result<Report, Failure> {
        let path = format!("/do/{what}");
        timeout(PATIENCE, ask(self.address, "POST", &path)).await.map_err(|_| format!("the server does not {what}"))?
    }

    /// What of the server is in memory, in KiB.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        let process = self.process.id().ok_or("the server is gone")?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}
