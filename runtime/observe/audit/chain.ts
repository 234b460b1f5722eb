import { createHash } from 'node:crypto';

/** Where a chain stands: its last line. */
export interface AuditEnd {
  /** 0 before the first line. */
  readonly sequence: number;
  /** SHA-256 of the line without its line feed, in hex. */
  readonly hash: string;
}

/** A line as it was read; `undefined` where it is not one of a chain. */
export interface ChainLine {
  readonly sequence: number;
  readonly previous: string;
  readonly record: Readonly<Record<string, unknown>>;
}

export const CHAIN_START: AuditEnd = { sequence: 0, hash: '0'.repeat(64) };

export const hashOf = (line: string | Uint8Array): string => createHash('sha256').update(line).digest('hex');

/** The line that comes after `end`, without its line feed, and where the chain stands then. */
export function nextLine(end: AuditEnd, body: string): { readonly line: string; readonly end: AuditEnd } {
  const sequence = end.sequence + 1;
  const line = `{"sequence":${sequence},${body.slice(1, -1)},"previous":"${end.hash}"}`;
  return { line, end: { sequence, hash: hashOf(line) } };
}

export function readLine(text: string): ChainLine | undefined {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { sequence, previous, ...record } = value as Readonly<Record<string, unknown>>; // its fields are looked at below
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) return undefined;
  if (typeof previous !== 'string' || !/^[\da-f]{64}$/.test(previous)) return undefined;
  return { sequence, previous, record };
}

/** What the file beside the lines says of the last of them; also `SEQUENCE:HASH`, as verify prints it. */
export function readEnd(text: string): AuditEnd | undefined {
  const [, count = '', hash = ''] = /^(\d{1,15}):([\da-f]{64})\s*$/.exec(text) ?? [];
  return hash === '' ? undefined : { sequence: Number(count), hash };
}

export const endText = ({ sequence, hash }: AuditEnd): string => `${sequence}:${hash}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // verify says where
  }
}
