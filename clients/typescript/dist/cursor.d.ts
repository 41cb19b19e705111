/** Where a device stands. Two of one epoch are compared by `seq`. */
export interface Cursor {
    /** The incarnation of the user's log: 16 hex digits. */
    readonly epoch: string;
    /** The last record that was processed; 0 before the first. */
    readonly seq: number;
}
/** Reads the text form, `<16 hex digits>-<decimal>`, as `client.cursor` has it; null for anything else. */
export declare function parseCursor(text: unknown): Cursor | null;
/** Writes the text form. */
export declare function cursorText(cursor: Cursor | null): string | null;
