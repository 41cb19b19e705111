//! The WebSocket of a device, for what the servers here send, with as little work as can be: the load client is not to
//! be what is measured.
//!
//! Invariant: bytes are looked at once, where they were read, except for a frame that came in pieces.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

thread_local! {
    /// One for all sockets: who reads into it has done with it before the next one has its turn.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; 64 * 1_024].into());
}

pub(crate) struct Socket {
    stream: TcpStream,
    /// A frame that has not come as a whole.
    begun: Vec<u8>,
}

impl Socket {
    /// Asks for the upgrade as a page of the same host does, and says hello.
    pub(crate) async fn open(port: u16, path: &str, user: &str, greeting: &[u8]) -> io::Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\norigin: http://127.0.0.1:{port}\r\nx-user: {user}\r\n\
             connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        // What comes right behind the answer stays in this buffer.
        let mut reader = BufReader::with_capacity(4 * 1_024, stream);
        let mut line = String::new();
        reader.read_line(&mut line).await?;
        if !line.starts_with("HTTP/1.1 101 ") {
            return Err(io::Error::other(line));
        }
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).await?;
        }
        let begun = reader.buffer().to_vec();
        let mut socket = Self { stream: reader.into_inner(), begun };
        if !greeting.is_empty() {
            socket.stream.write_all(&frame(TEXT, greeting)).await?;
        }
        Ok(socket)
    }

    /// Waits for what comes next, and answers what the server asks; gives each text to `text`.
    pub(crate) async fn read(&mut self, mut text: impl FnMut(&[u8])) -> io::Result<()> {
        let answers = poll_fn(|context| {
            READ.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Poll::Ready(take(&mut self.begun, buffer.filled(), &mut text))
            })
        })
        .await?;
        if answers.is_empty() { Ok(()) } else { self.stream.write_all(&answers).await }
    }
}

/// Takes the frames out of what was read, and keeps the rest; returns the answers.
fn take(begun: &mut Vec<u8>, read: &[u8], text: &mut impl FnMut(&[u8])) -> io::Result<Vec<u8>> {
    let mut answers = Vec::new();
    if begun.is_empty() {
        let taken = frames(read, &mut answers, text)?;
        begun.extend_from_slice(&read[taken..]);
    } else {
        begun.extend_from_slice(read);
        let taken = frames(begun, &mut answers, text)?;
        begun.drain(..taken);
    }
    Ok(answers)
}

/// Goes through the whole frames, and returns where they end.
fn frames(bytes: &[u8], answers: &mut Vec<u8>, text: &mut impl FnMut(&[u8])) -> io::Result<usize> {
    let mut taken = 0;
    while let Some((operation, from, to)) = next(&bytes[taken..]) {
        let payload = &bytes[taken + from..taken + to];
        match operation {
            // Engine.IO has pings of its own.
            TEXT if payload == b"2" => answers.extend_from_slice(&frame(TEXT, b"3")),
            TEXT => text(payload),
            PING => answers.extend_from_slice(&frame(PONG, payload)),
            CLOSE => return Err(io::Error::other("the server closed")),
            _ => return Err(io::Error::other("no server here sends that")),
        }
        taken += to;
    }
    Ok(taken)
}

/// The operation of the first frame, and where its payload begins and ends; `None` when it has not come as a whole.
fn next(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (from, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        length => (2, usize::from(length)),
    };
    let to = from + length;
    // No server here cuts a message into frames.
    (bytes.len() >= to).then_some((first & 0x0f, from, to))
}

/// A short frame of a client: masked, with a mask that changes nothing.
fn frame(operation: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).expect("it is short");
    [&[0x80 | operation, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
