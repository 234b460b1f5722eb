import { isTraceparent } from '../../vocabulary/traceparent.ts';
import type { DoorContext } from './route.ts';

/** The span that a request belongs to; a header that is none counts as not sent, as W3C Trace Context has it. */
export function traceparentOf({ req }: DoorContext): string | undefined {
  const header = req.header('traceparent');
  return isTraceparent(header) ? header : undefined;
}
