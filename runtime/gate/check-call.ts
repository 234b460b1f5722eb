import type { AnyHostFunction, OperationInfo } from '../contracts/host-function.ts';
import { inOwnBuffer } from '../vocabulary/bytes.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../vocabulary/json.ts';
import { MOST_DEPTH, MOST_VALUES, OVERSIZE, TOO_DEEP, TOO_MANY } from './markers.ts';

/** The host function that serves an operation, and what it says of it. */
export interface Served {
  readonly host: AnyHostFunction;
  readonly info: OperationInfo;
}

/** The name of an operation as it may be shown: a guest's own text is not. */
export const nameOf = (operation: unknown): string =>
  typeof operation === 'string' && operation.length <= 64 ? operation : '?';

/** Who serves the operation of this name; `undefined` when nobody does. */
export function findServed(
  name: string,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): Served | undefined {
  const host = hostFunctions.get(name.slice(0, Math.max(0, name.indexOf('.'))));
  const info = host !== undefined && Object.hasOwn(host.operations, name) ? host.operations[name] : undefined;
  return host === undefined || info === undefined ? undefined : { host, info };
}

/** The arguments as JSON, or why they are not. */
export function checkArgs(operation: string, value: unknown, maxBytes: number): JsonObject | SandglassError {
  let copied: JsonValue;
  try {
    copied = copyJson(value, 'args', { maxBytes, maxDepth: MOST_DEPTH, maxValues: MOST_VALUES });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    return new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${reason}`);
  }
  if (isJsonObject(copied)) {
    if (typeof copied[OVERSIZE] === 'number') return oversize(operation, copied[OVERSIZE], maxBytes);
    if (copied[TOO_MANY] === true) {
      return new SandglassError(
        'INPUT_INVALID',
        `Cannot call ${operation}: args hold more than ${MOST_VALUES} values`,
        { hint: 'Send a large list as text or bytes' },
      );
    }
    if (copied[TOO_DEEP] === true) {
      return new SandglassError(
        'INPUT_INVALID',
        `Cannot call ${operation}: args are nested deeper than ${MOST_DEPTH}`,
      );
    }
    return copied;
  }
  return new SandglassError('INPUT_INVALID', `Cannot call ${operation}: expected an object of arguments`);
}

/** @throws {SandglassError} INPUT_INVALID when they are not bytes, or too many. */
export function checkBytes(operation: string, value: unknown, maxBytes: number): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array)) {
    throw new SandglassError('INPUT_INVALID', `Cannot call ${operation}: expected bytes as a Uint8Array`);
  }
  if (value.byteLength > maxBytes) {
    throw oversize(operation, value.byteLength, maxBytes);
  }
  // A view into a larger or shared buffer is memory that its sender can still write to: checked bytes must not change afterwards.
  return inOwnBuffer(value);
}

const oversize = (operation: string, bytes: number, maxBytes: number): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${bytes} bytes are over ${maxBytes}`, {
    hint: 'Send it in chunks, or raise limits.hostCallBytes',
    details: { reason: 'too-large' },
  });
