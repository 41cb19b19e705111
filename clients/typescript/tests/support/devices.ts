// A device that answers what frames did.

import { Device } from "#dist/device.js";

import type { Frame } from "./frames.js";

/** Feeds frames to a device; answers the kinds of all effects, with the seq where there is one. */
export function feed(device: Device, ...frames: unknown[]): string[] {
  return frames
    .flatMap((frame) => device.receive(frame))
    .map((effect) => ("record" in effect ? `${effect.kind} ${effect.record.seq}` : effect.kind));
}

/** A device whose first connection has begun with these frames. */
export function begun(...frames: Frame[]): Device {
  const device = new Device();
  device.begin();
  feed(device, ...frames);
  return device;
}

/** It is connected anew, and these frames come. */
export function resumed(device: Device, ...frames: Frame[]): string[] {
  device.begin();
  return feed(device, ...frames);
}
