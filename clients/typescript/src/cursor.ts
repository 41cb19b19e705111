// A cursor: a position in one incarnation (epoch) of a user's log.

/** Where a device stands. Two of one epoch are compared by `seq`. */
export interface Cursor {
  /** The incarnation of the user's log: 16 hex digits. */
  readonly epoch: string;
  /** The last record that was processed; 0 before the first. */
  readonly seq: number;
}

const TEXT = /^([0-9a-f]{16})-(0|[1-9]\d*)$/;

/** Reads the text form, `<16 hex digits>-<decimal>`, as `client.cursor` has it; null for anything else. */
export function parseCursor(text: unknown): Cursor | null {
  const match = typeof text === "string" ? TEXT.exec(text) : null;
  if (!match) return null;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: match[1]!, seq } : null;
}

/** Writes the text form. */
export function cursorText(cursor: Cursor | null): string | null {
  return cursor && `${cursor.epoch}-${cursor.seq}`;
}
