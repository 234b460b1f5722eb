import type { GuestEnd, GuestError } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { fitsJson, type JsonBounds } from '../../vocabulary/json-weight.ts';
import { packageOfModule } from './package-of-module.ts';
import { ERROR_TEXTS } from './report-bounds.ts';
import { readValue } from './value.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * How the runner says that a program ended. The text comes out of the guest's realm, so a guest can write one of its own; it can only tell
 * what it could have done anyway: answer a value, exit, or raise.
 */
export function readReport(text: string, growthRefused: boolean, bounds: JsonBounds): GuestEnd {
  // Before anything parses it: of this size it is not the runner's, or tells of a value that does not fit.
  if (!fitsJson(text, { ...bounds, depth: Number.POSITIVE_INFINITY }))
    return { kind: 'limit', limit: growthRefused ? 'memory' : 'output' };
  const report = fitsJson(text, bounds) ? parseObject(text) : undefined;
  if (report === undefined && growthRefused) return { kind: 'limit', limit: 'memory' };
  if (report === undefined) return { kind: 'trapped', message: 'The interpreter ended without a report' };
  if (isFields(report.error)) return readError(report.error, growthRefused);
  if (typeof report.exit === 'number') return { kind: 'exit', exitCode: report.exit & 0xff };
  if (report.oversize === true) return { kind: 'limit', limit: 'output' };
  if (report.value === null) return { kind: 'value', value: undefined };
  if (!isFields(report.value)) return { kind: 'trapped', message: 'The interpreter ended without a report' };
  try {
    const value = readValue(report.value);
    return report.form === 'text' && typeof value === 'string'
      ? { kind: 'value', value, form: 'text' }
      : { kind: 'value', value };
  } catch {
    return { kind: 'trapped', message: 'The interpreter answered a malformed value' };
  }
}

function readError(error: Fields, growthRefused: boolean): GuestEnd {
  const text = (name: keyof typeof ERROR_TEXTS): string | undefined => {
    const value = error[name];
    return typeof value === 'string' ? value.slice(0, ERROR_TEXTS[name]) : undefined;
  };
  const whole = (name: string): number | undefined => {
    const value = error[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  const [stack, file, line, column, refusalId] = [
    text('stack'),
    text('file'),
    whole('line'),
    whole('column'),
    whole('refusalId'),
  ];
  const told: GuestError = {
    name: text('name') ?? 'Exception',
    message: text('message') ?? '',
    ...defined({ stack, file, line, column }),
    ...hintOf(text('name'), text('message'), text('missing')),
  };
  // The host has seen the refused growth itself; the name only tells that the guest did not get over it.
  if (growthRefused && told.name === 'MemoryError') return { kind: 'limit', limit: 'memory', error: told };
  return { kind: 'threw', error: told, ...defined({ refusalId }) };
}

/** What a person can do about an error that says nothing of it itself. */
function hintOf(
  name: string | undefined,
  message: string | undefined,
  missing: string | undefined,
): { readonly hint?: string } {
  if (missing !== undefined && /^[A-Za-z_]\w{0,99}$/.test(missing)) {
    return {
      hint: `Name the package that has ${missing}: --with=${packageOfModule(missing)}; in a program the option packages of the run`,
    };
  }
  if (name === 'NameError' && message?.startsWith("name 'tools' is not defined") === true)
    return { hint: 'Grant `tools` to the run: the name is there only with it' };
  if (
    (name === 'EOFError' && message === 'EOF when reading a line') ||
    (name === 'RuntimeError' && message?.startsWith('Cannot stop at a breakpoint: ') === true)
  )
    return {
      hint: 'Give it what it reads as stdin: --stdin=FILE or a pipe; in a program the option stdin of the run',
    };
  if (name === 'MemoryError' && message === '')
    return { hint: 'A guest of 32 bits cannot hold one object of this size; make smaller ones' };
  if (name === 'OperationalError' && message === 'unable to open database file')
    return { hint: 'Open it in a folder that is there and can be written: /tmp, or a granted one' };
  return {};
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
