//! Serves until Ctrl-C or SIGTERM, and ends politely: the hub first, so that every device gets what is left for it, hears
//! that the server goes, and SSE answers come to their end; then whatever requests are left.
//!
//! axum waits for its requests, but a WebSocket is none any more once it is upgraded. So the sockets themselves are
//! counted here: each holds a sender, and when the last is dropped the receiver ends.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use user_hub::{Undelivered, UserHub};

/// How long all devices together may take for what is still on its way to them.
const DRAIN: Duration = Duration::from_secs(3);
/// How long sockets and requests may take to end after that.
const FAREWELL: Duration = Duration::from_secs(5);

pub async fn serve(listener: TcpListener, app: Router, hub: UserHub) -> io::Result<()> {
    let mut end = std::pin::pin!(end_requested()?);
    let (alive, mut all_gone) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(CountedListener { listener, alive }, app).with_graceful_shutdown(async {
        // Dropping the sender means the same as sending.
        let _ = stopped.await;
    });
    let mut server = tokio::spawn(server.into_future());

    tokio::select! {
        () = &mut end => {}
        ended = &mut server => return ended?,
    }
    let undelivered = hub.drain(DRAIN).await;
    if undelivered.connections > 0 {
        let Undelivered { connections, records, .. } = undelivered;
        eprintln!("not delivered, as their devices did not read: records {records}, connections {connections}");
    }
    drop(stop);
    let farewell = async {
        server.await??;
        // Nothing is ever sent: it ends when the last socket is gone.
        all_gone.recv().await;
        Ok(())
    };
    tokio::time::timeout(FAREWELL, farewell).await.unwrap_or_else(|_| {
        eprintln!("some devices did not take leave in time");
        Ok(())
    })
}

/// Ctrl-C, or what a service manager sends.
fn end_requested() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            // Without the signal there is no other way to end than to be killed.
            std::future::pending::<()>().await;
        }
    })
}

struct CountedListener {
    listener: TcpListener,
    alive: mpsc::Sender<()>,
}

impl Listener for CountedListener {
    type Io = CountedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CountedStream, SocketAddr) {
        // Not `TcpListener::accept`: the listener of axum goes on after an error.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // A frame is sent when it is there; if that cannot be switched on, it comes a little later.
        let _ = stream.set_nodelay(true);
        (CountedStream { stream, _alive: self.alive.clone() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

struct CountedStream {
    stream: TcpStream,
    _alive: mpsc::Sender<()>,
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
