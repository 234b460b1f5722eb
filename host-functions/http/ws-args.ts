import type { WsOperations } from '../../runtime/contracts/operations/ws.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';
import { HttpFault } from './http-fault.ts';
import { readUrl } from './request-form.ts';

/** What a guest wants to connect to, checked. */
export interface Opening {
  readonly url: URL;
  readonly protocols: readonly string[];
}

const MAX_PROTOCOLS = 16;
const PROTOCOL = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Of the reason of a close, bytes (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;

type WithHandle = Exclude<keyof WsOperations, 'ws.open'>;
type Check = (value: JsonValue) => boolean;

const isWhole: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
/** Codes that a program may close with; the others are for the protocol itself. */
const isCloseCode: Check = (value) =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  (value === 1000 || (value >= 3000 && value <= 4999));
const isReason: Check = (value) =>
  typeof value === 'string' && value.isWellFormed() && utf8Length(value) <= MAX_REASON_BYTES;

const OPTIONAL: Readonly<Record<WithHandle, Readonly<Record<string, readonly [Check, string]>>>> = {
  'ws.send': { text: [(value) => typeof value === 'boolean', 'true or false'] },
  'ws.receive': {},
  'ws.close': {
    code: [isCloseCode, '1000, or from 3000 to 4999'],
    reason: [isReason, `text of at most ${MAX_REASON_BYTES} bytes`],
  },
};

/** @throws {SandglassError} INPUT_INVALID */
export function checkWsArgs<O extends WithHandle>(operation: O, args: JsonObject): WsOperations[O]['args'] {
  const { handle, ...others } = args;
  if (handle === undefined || !isWhole(handle))
    throw complain(operation, '"handle" must be a whole number from 0');
  const known = OPTIONAL[operation];
  for (const [name, value] of Object.entries(others)) {
    const [fits, what] = (Object.hasOwn(known, name) ? known[name] : undefined) ?? [];
    if (fits === undefined)
      throw complain(operation, `unknown argument ${JSON.stringify(name.slice(0, 64))}`);
    if (value === undefined || !fits(value)) throw complain(operation, `"${name}" must be ${what}`);
  }
  if (others.reason !== undefined && others.code === undefined)
    throw complain(operation, '"reason" needs a "code"');
  // Each field was just checked against the operation's own shape.
  return args as unknown as WsOperations[O]['args'];
}

/** @throws {SandglassError} INPUT_INVALID @throws {HttpFault} `invalid` */
export function readOpening({ url, protocols = [], ...others }: JsonObject): Opening {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw complain('ws.open', `unknown argument ${JSON.stringify(unknown.slice(0, 64))}`);
  if (typeof url !== 'string') throw complain('ws.open', '"url" must be a string');
  if (!Array.isArray(protocols)) throw complain('ws.open', '"protocols" must be a list of names');
  const names = protocols.map((name: JsonValue) => {
    if (typeof name === 'string' && PROTOCOL.test(name)) return name;
    throw new HttpFault('invalid', 'that is not a subprotocol');
  });
  if (names.length > MAX_PROTOCOLS || new Set(names).size < names.length) {
    throw new HttpFault('invalid', `more than ${MAX_PROTOCOLS} subprotocols, or one twice`);
  }
  return { url: readUrl(url, undefined, 'ws'), protocols: names };
}

const complain = (operation: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${reason}`, {
    details: { reason: 'invalid' },
  });
