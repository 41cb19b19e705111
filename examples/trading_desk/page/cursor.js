// @ts-check
// A cursor: a position in one incarnation (epoch) of a user's log.

/** @typedef {{ epoch: string, seq: number }} Cursor */

const TEXT = /^([0-9a-f]{16})-(0|[1-9]\d*)$/;

/**
 * @param {unknown} text
 * @returns {Cursor | null} null for anything that is not the text form
 */
export function parseCursor(text) {
  const match = typeof text === 'string' ? TEXT.exec(text) : null;
  if (!match) return null;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : null;
}

/**
 * @param {Cursor | null} cursor
 * @returns {string | null}
 */
export function cursorText(cursor) {
  return cursor && `${cursor.epoch}-${cursor.seq}`;
}
