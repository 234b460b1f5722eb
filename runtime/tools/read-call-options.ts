import type { ToolCallOptions } from '../contracts/api/tool-call.ts';
import { readCaller } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { checkLimits } from '../vocabulary/limits.ts';
import { PRIORITIES } from '../vocabulary/priority.ts';
import {
  checkSignal,
  jsonObject,
  readLevel,
  readName,
  refuseUnknown,
  wholeNumber,
} from '../vocabulary/read-options.ts';
import { readTraceparent } from '../vocabulary/traceparent.ts';
import { readTextRules } from './read-text-rules.ts';

const KNOWN: Readonly<Record<keyof ToolCallOptions, true>> = {
  caller: true,
  grant: true,
  limits: true,
  timeoutMs: true,
  level: true,
  signal: true,
  parent: true,
  retries: true,
  cache: true,
  coerce: true,
  confirm: true,
  priority: true,
  callId: true,
  runId: true,
  sessionId: true,
  metadata: true,
  text: true,
  observe: true,
  trace: true,
  traceparent: true,
  onOutput: true,
};

const WHERE = 'call a tool';

/** The options of a call, checked and copied. @throws {TypeError | RangeError} on misuse. */
export function readCallOptions(
  given: ToolCallOptions,
  checkGrant: (grant: object) => void,
): ToolCallOptions {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`Cannot ${WHERE}: expected an object of options`);
  refuseUnknown(given, KNOWN, WHERE);
  for (const name of ['cache', 'coerce', 'observe', 'trace'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'boolean')
      throw new TypeError(`Cannot ${WHERE}: ${name} is not true or false`);
  }
  const { confirm, priority, timeoutMs, grant, sessionId, onOutput } = given;
  if (onOutput !== undefined && typeof onOutput !== 'function')
    throw new TypeError(`Cannot ${WHERE}: onOutput is not a function`);
  if (confirm !== undefined && typeof confirm !== 'boolean' && typeof confirm !== 'function')
    throw new TypeError(`Cannot ${WHERE}: confirm is neither true or false nor a function`);
  if (priority !== undefined && !PRIORITIES.includes(priority))
    throw new TypeError(
      `Cannot ${WHERE}: priority ${JSON.stringify(priority)} is not one of ${PRIORITIES.join(', ')}`,
    );
  if (sessionId !== undefined && (typeof sessionId !== 'string' || !/^[^\p{Cc}]{1,256}$/u.test(sessionId)))
    throw new TypeError(`Cannot ${WHERE}: sessionId is not a text of 1 to 256 characters`);
  checkLimits(given.limits, 'limits');
  checkLimits(timeoutMs === undefined ? undefined : { timeoutMs }, WHERE);
  checkSignal(given.signal, WHERE);
  readLevel(given.level, WHERE);
  readName(given.runId, 'runId', WHERE);
  readName(given.callId, 'callId', WHERE);
  wholeNumber(given.retries, `${WHERE}: retries`, { maximum: 10 });
  readTextRules(given.text, `${WHERE}: text`);
  if (grant !== undefined) checkGrant(grant);
  readTraceparent(given.traceparent, WHERE);
  const caller = readCaller(given.caller, WHERE);
  for (const ceiling of caller?.grants ?? []) checkGrant(ceiling);
  const metadata = jsonObject(given.metadata, 'metadata', WHERE);
  // What was observed of another call is not of this one.
  const cached = given.observe === true || given.trace === true ? { cache: false } : {};
  return { ...given, ...cached, metadata, ...defined({ caller }) };
}
