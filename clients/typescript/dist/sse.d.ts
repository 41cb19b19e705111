import type { Link, LinkHandlers } from "./link.js";
export declare function openEvents(url: URL, withCredentials: boolean, handlers: LinkHandlers): Link;
