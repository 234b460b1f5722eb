import type { JsonValue } from '../../../vocabulary/json.ts';
import { parseJson } from '../../../vocabulary/json-read.ts';
import type { ComponentRun, Eventually } from '../component-run.ts';
import { invalidArgument } from './errors.ts';

const LONG = 65_536;

/**
 * What a guest wrote as JSON; `undefined` for anything else, and for what is too long for a host call. Where the guest shares the host's thread, a
 * long text is read with turns for others.
 */
export function jsonOf(
  { host, mode, spec }: Pick<ComponentRun, 'host' | 'mode' | 'spec'>,
  text: string,
): Eventually<JsonValue | undefined> {
  if (text.length > spec.limits.hostCallBytes) return undefined;
  if (mode === 'jspi' && host.turns !== undefined && text.length > LONG)
    return parseJson(text).catch(() => undefined);
  try {
    return JSON.parse(text) as JsonValue; // what parses is JSON
  } catch {
    return undefined;
  }
}

/** The error for an argument that is not. */
export const notJson = (name: string) => invalidArgument(`Cannot read "${name}": it is not JSON`);
