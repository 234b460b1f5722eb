/**
 * Milliseconds as `node:fs` takes a time: seconds. Absent: an invalid date, which libuv (1.51 and later, as in Node 24) passes on as "leave
 * as it is", so that the other time keeps its last nanosecond.
 */
export const toNodeTime = (ms: number | undefined): number | Date =>
  ms === undefined ? new Date(Number.NaN) : ms / 1000;
