import type { HostAnswer } from '../../../contracts/engine.ts';

/** What an import with a `result` type answers. Answered, never thrown: so nothing else can be taken for it. */
export type Result<T, E> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: E };

export const ok = <T>(val: T): Result<T, never> => ({ tag: 'ok', val });
export const err = <E>(val: E): Result<never, E> => ({ tag: 'err', val });

/** The cases of `wasi:filesystem/types.error-code` that we answer with. */
export type FsErrorCode =
  | 'access'
  | 'bad-descriptor'
  | 'exist'
  | 'file-too-large'
  | 'illegal-byte-sequence'
  | 'invalid'
  | 'io'
  | 'is-directory'
  | 'loop'
  | 'name-too-long'
  | 'no-entry'
  | 'insufficient-memory'
  | 'insufficient-space'
  | 'not-directory'
  | 'not-empty'
  | 'unsupported'
  | 'not-permitted'
  | 'cross-device'
  | 'quota';

const BY_REASON: ReadonlyMap<unknown, FsErrorCode> = new Map([
  ['not-found', 'no-entry'],
  ['exists', 'exist'],
  ['not-directory', 'not-directory'],
  ['is-directory', 'is-directory'],
  ['not-empty', 'not-empty'],
  ['not-permitted', 'not-permitted'],
  ['too-large', 'file-too-large'],
  ['too-many-open', 'quota'],
  ['no-space', 'insufficient-space'],
  ['bad-handle', 'bad-descriptor'],
  ['invalid', 'invalid'],
  ['loop', 'loop'],
  ['name-too-long', 'name-too-long'],
  ['cross-device', 'cross-device'],
  ['unsupported', 'unsupported'],
]);

/** The WASI error for a refusal of the gate. */
export function fsErrorCode(answer: HostAnswer & { ok: false }): FsErrorCode {
  const { code, details } = answer.refusal;
  switch (code) {
    case 'CAPABILITY_DENIED':
      return details?.reason === 'not-permitted' ? 'not-permitted' : 'access';
    case 'HOST_CALLS_EXCEEDED':
      return 'quota';
    case 'UNSUPPORTED':
      return 'unsupported';
    case 'INPUT_INVALID':
      return BY_REASON.get(details?.reason) ?? 'invalid';
    default:
      return BY_REASON.get(details?.reason) ?? 'io';
  }
}
