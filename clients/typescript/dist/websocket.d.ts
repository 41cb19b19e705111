import type { Link, LinkHandlers } from "./link.js";
export declare function openSocket(url: URL, handlers: LinkHandlers): Link;
