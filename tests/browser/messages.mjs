// What a server says, cut into messages, so that a line can lose one or say one again.
//
// `of` takes bytes as they come and gives what is whole by now, in order: messages, which have a `text`, and what
// stands around them. `bytes` is how each goes on its way; `encode` makes a message of a text.

const HEAD_ENDS = "\r\n\r\n";
const TEXT = 1;

/** A WebSocket from its server: an answer by HTTP, then frames that are not masked. */
export class SocketMessages {
  #rest = Buffer.alloc(0);
  #opened = false;

  of(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const pieces = [];
    for (let piece = this.#next(); piece; piece = this.#next()) pieces.push(piece);
    return pieces;
  }

  encode(text) {
    const payload = Buffer.from(text);
    const long = payload.length > 0xffff;
    const head = Buffer.alloc(payload.length < 126 ? 2 : long ? 10 : 4);
    head[0] = 0x80 | TEXT;
    head[1] = payload.length < 126 ? payload.length : long ? 127 : 126;
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
    return Buffer.concat([head, payload]);
  }

  #next() {
    const length = this.#opened ? this.#frameLength() : this.#headLength();
    if (length === 0 || this.#rest.length < length) return null;
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    if (!this.#opened) {
      this.#opened = true;
      return { bytes };
    }
    return (bytes[0] & 0x0f) === TEXT ? { bytes, text: bytes.subarray(frameHead(bytes)).toString() } : { bytes };
  }

  #headLength() {
    const end = this.#rest.indexOf(HEAD_ENDS);
    return end < 0 ? 0 : end + HEAD_ENDS.length;
  }

  #frameLength() {
    if (this.#rest.length < 2) return 0;
    const head = frameHead(this.#rest);
    if (this.#rest.length < head) return 0;
    if (head === 2) return head + (this.#rest[1] & 0x7f);
    return head + (head === 4 ? this.#rest.readUInt16BE(2) : Number(this.#rest.readBigUInt64BE(2)));
  }
}

function frameHead(frame) {
  const length = frame[1] & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

const EVENT_ENDS = "\n\n";

/** The body of an answer of server-sent events. */
export class EventMessages {
  #rest = Buffer.alloc(0);

  of(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const pieces = [];
    for (let end = this.#rest.indexOf(EVENT_ENDS); end >= 0; end = this.#rest.indexOf(EVENT_ENDS)) {
      const event = this.#rest.subarray(0, end + EVENT_ENDS.length);
      this.#rest = this.#rest.subarray(event.length);
      pieces.push({ bytes: event, text: event.toString() });
    }
    return pieces;
  }

  encode(text) {
    return Buffer.from(text);
  }
}
