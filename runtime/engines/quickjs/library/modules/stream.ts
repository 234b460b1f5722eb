import promisesPackage from 'readable-stream/lib/stream/promises.js';
import Package from 'readable-stream/lib/stream.js';
import type { Named } from '../inner.ts';
import { toWeb } from './stream-adapters.ts';

type StreamClass = Named & { readonly prototype: object; [name: string]: unknown };

/** Node's streams of the package, with the web adapters it leaves out. */
const whole = Package as unknown as StreamClass;
toWeb(whole as never);
// As Node has it; the package is older.
(
  whole as unknown as { setDefaultHighWaterMark?(objects: boolean, size: number): void }
).setDefaultHighWaterMark?.(false, 65_536);

export const stream: unknown = whole;
export const promises: unknown = promisesPackage;
