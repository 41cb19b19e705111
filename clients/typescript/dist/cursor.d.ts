export interface Cursor {
    readonly epoch: string;
    readonly seq: number;
}
/** Reads the text form, `<16 hex digits>-<decimal>`; null for anything else. */
export declare function parseCursor(text: unknown): Cursor | null;
/** Writes the text form. */
export declare function cursorText(cursor: Cursor | null): string | null;
