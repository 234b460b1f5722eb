/**
 * Header `traceparent` of W3C Trace Context, version 00: `00-<trace id>-<span id>-<flags>` in lower-case hexadecimal, where no id is all zeros.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export const isTraceparent = (value: unknown): value is string =>
  typeof value === 'string' && TRACEPARENT.test(value);

/** @param action What cannot be done without: `run`. @throws {TypeError} */
export function readTraceparent(value: unknown, action: string): string | undefined {
  if (value === undefined || isTraceparent(value)) return value;
  throw new TypeError(
    `Cannot ${action}: traceparent ${JSON.stringify(value)?.slice(0, 80)} is not one of W3C Trace Context, 00-<32 hex>-<16 hex>-<2 hex>`,
  );
}
