import type { SqlRefusal } from '../../../runtime/contracts/operations/sql.ts';

const MOST_MESSAGE = 500;

/**
 * Why the database did not answer, for its guest. What the server says of a statement is told; what tells of addresses, roles or passwords of the
 * host is not.
 */
export function refusalOf(error: unknown, secrets: readonly string[]): SqlRefusal {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state === undefined || /^(?:08|28|3D|53|57P)/.test(state))
    return {
      ok: false,
      reason: 'connect',
      message: 'the database could not be reached, or did not let us in',
      hint: 'See that it is up and takes the role that the runtime was given; the same call may work later',
    };
  if (state === '57014' || state === '55P03')
    return {
      ok: false,
      reason: 'timeout',
      message: 'it took too long and was cancelled',
      hint: 'Ask for less, or with a larger timeoutMs of the grant',
    };
  if (state === '25006') return { ok: false, reason: 'writes', message: 'it changes something' };
  const message = told(error, secrets);
  if (state === '42501') return { ok: false, reason: 'not-permitted', message, sqlstate: state };
  if (state === '42P01') return { ok: false, reason: 'no-table', message, sqlstate: state };
  return { ok: false, reason: 'query', message, sqlstate: state };
}

function told(error: unknown, secrets: readonly string[]): string {
  const text = error instanceof Error ? error.message : 'it failed';
  return secrets
    .filter((secret) => secret !== '')
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
    .slice(0, MOST_MESSAGE);
}
