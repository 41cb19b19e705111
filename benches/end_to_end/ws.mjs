// ws on node: a map from user to sockets. What its orders are, servers/mod.rs says.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { WebSocketServer } from "ws";

const AT_ONCE = 32;

const users = new Map();
const http = createHttpServer();
const server = new WebSocketServer({ server: http, path: "/ws", maxPayload: 4096, perMessageDeflate: false });
server.on("connection", (socket, request) => {
  const user = request.headers["x-user"];
  const devices = users.get(user);
  if (devices) devices.push(socket);
  else users.set(user, [socket]);
  // The load client leaves all at once, and then this process ends.
  socket.on("error", () => {});
});

const pnl = JSON.parse(process.argv[2]);
let seq = 0;

function publish(user) {
  const profit = { sentAt: Number(process.hrtime.bigint()), pnl };
  const envelope = { seq: (seq += 1), type: "PROFIT", timestamp: new Date().toISOString(), data: { profit } };
  const text = JSON.stringify(envelope);
  const devices = users.get(user);
  if (!devices) return;
  // One device encodes it by itself; several share it.
  const message = devices.length > 1 ? Buffer.from(text) : text;
  for (const device of devices) device.send(message, { binary: false });
}

async function obey(order) {
  const [events, first, count] = order.split(" ").map(Number);
  for (let at = 0; at < count; at += 1) {
    for (let event = 0; event < events; event += 1) publish(`user-${first + at}`);
    if (at % AT_ONCE === AT_ONCE - 1 || at === count - 1) await setImmediate();
  }
}

const orders = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("close", () => process.exit());
  let obeyed = Promise.resolve();
  createInterface({ input: socket }).on("line", (order) => {
    obeyed = obeyed.then(() => obey(order));
  });
});

await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
await new Promise((resolve) => orders.listen(0, "127.0.0.1", resolve));
console.log(`${http.address().port} ${orders.address().port}`);
