//! axum by hand: a concurrent map of bounded senders, and for each device a loop that sends one message after the other.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Publisher, run, signed_in};
use crate::event::{Envelope, Profit};

/// More than the load client ever leaves undelivered: nothing is lost.
const CAPACITY: usize = 32;

type Users = Arc<dashmap::DashMap<String, Vec<Sender<Utf8Bytes>>, foldhash::fast::RandomState>>;

pub(super) async fn serve() {
    let users = Users::default();
    let app = Router::new().route("/ws", get(websocket)).with_state(Arc::clone(&users));
    run(app, Host { users, profit: Profit::new() }).await;
}

async fn websocket(State(users): State<Users>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let (sender, queue) = channel(CAPACITY);
    users.entry(signed_in(&headers).to_owned()).or_default().push(sender);
    // The default of axum is 128 KiB a connection.
    upgrade.read_buffer_size(4 * 1_024).on_upgrade(|socket| forward(socket, queue))
}

async fn forward(mut socket: WebSocket, mut queue: Receiver<Utf8Bytes>) {
    loop {
        tokio::select! {
            text = queue.recv() => {
                let Some(text) = text else { return };
                if socket.send(Message::Text(text)).await.is_err() {
                    return;
                }
            }
            received = socket.recv() => {
                if !matches!(received, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}

struct Host {
    users: Users,
    profit: Profit,
}

impl Publisher for Host {
    async fn publish(&mut self, user: &str, events: usize) {
        for _ in 0..events {
            // Once, and with room for all of it.
            let mut text = Vec::with_capacity(512);
            serde_json::to_writer(&mut text, &Envelope::next(&mut self.profit, true)).expect("it has a text");
            let text = Utf8Bytes::from(String::from_utf8(text).expect("JSON is UTF-8"));
            if let Some(devices) = self.users.get(user) {
                for device in devices.iter() {
                    device.try_send(text.clone()).expect("it holds what is undelivered");
                }
            }
        }
    }
}
