// A fallback for those who are cut off: what the hub would have pushed is asked for, until it pushes again.
//
// - Nothing is polled while the client is live, and nothing after it was stopped.
// - One request at a time. An answer that comes when the client is live again is older than what is there: it is
//   dropped.
import { systemClock } from "./clock.js";
const MINUTE = 60_000;
/**
 * Polls while the client is cut off for longer. Returns what ends that.
 *
 * The time is counted from when the client was live last, or from this call; connections that come and go without being
 * live do not begin it anew. What `show` or `onError` throws is an unhandled rejection, and the polling goes on.
 */
export function pollWhileOffline(client, polling) {
    const { poll, show, after = MINUTE, every = MINUTE, onError, clock = systemClock } = polling;
    let cancelTimer = null;
    let asking = null;
    const rest = () => {
        cancelTimer?.();
        asking?.abort();
        cancelTimer = asking = null;
    };
    const wait = (milliseconds) => {
        cancelTimer = clock.after(milliseconds, () => void ask());
    };
    const ask = async () => {
        const { signal } = (asking = new AbortController());
        let answer;
        try {
            answer = await poll(signal);
        }
        catch (error) {
            if (signal.aborted)
                return;
            wait(every);
            onError?.(error);
            return;
        }
        if (signal.aborted)
            return;
        wait(every);
        show(answer);
    };
    const look = ({ state }) => {
        if (state === "live" || state === "stopped")
            rest();
        else if (!cancelTimer)
            wait(after);
    };
    look(client.status);
    const ignore = client.onStatus(look);
    return () => {
        ignore();
        rest();
    };
}
