//! socketioxide: a room a user.

use axum::Router;
use socketioxide::extract::SocketRef;
use socketioxide::{SocketIo, TransportType};
use user_hub::Event;

use super::{Publisher, run, signed_in};
use crate::event::{Envelope, Profit};

pub(super) async fn serve() {
    let (layer, server) = SocketIo::builder().transports([TransportType::Websocket]).build_layer();
    server.ns("/", async |socket: SocketRef| {
        socket.join(signed_in(&socket.req_parts().headers).to_owned());
    });
    run(Router::new().layer(layer), Host { server, profit: Profit::new() }).await;
}

struct Host {
    server: SocketIo,
    profit: Profit,
}

impl Publisher for Host {
    async fn publish(&mut self, user: &str, events: usize) {
        for _ in 0..events {
            // The name of the event stands before the JSON.
            let envelope = Envelope::next(&mut self.profit, false);
            self.server.to(user.to_owned()).emit(Profit::NAME, &envelope).await.expect("it holds what is undelivered");
        }
    }
}
