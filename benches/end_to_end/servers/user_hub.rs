//! This crate behind axum, as its README has it.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use user_hub::transport::OriginPolicy;
use user_hub::transport::axum::WebSocketRequest;
use user_hub::{Broadcast, UserHub};

use super::{Publisher, run, signed_in};
use crate::event::Profit;

pub(super) async fn serve() {
    let hub = UserHub::new();
    let app = Router::new().route("/ws", get(websocket)).with_state(hub.clone());
    run(app, Host { hub, profit: Profit::new() }).await;
}

async fn websocket(State(hub): State<UserHub>, headers: HeaderMap, device: WebSocketRequest) -> Response {
    device.serve(&hub, signed_in(&headers), &OriginPolicy::same_host())
}

struct Host {
    hub: UserHub,
    profit: Profit,
}

impl Publisher for Host {
    async fn publish(&mut self, user: &str, events: usize) {
        if events == 1 {
            self.hub.broadcast(user, self.profit.sent_now());
            return;
        }
        self.hub.burst(|burst| {
            for _ in 0..events {
                burst.broadcast(user, self.profit.sent_now());
            }
        });
    }
}
