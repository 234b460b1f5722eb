import type { RealmPort } from '../contract.ts';
import type { Fs } from './fs.ts';

interface Answer {
  value: unknown;
  bytes: number;
}

/** Calls to the host's `fs`: what it refuses is the error of a system call. */
export interface HostFiles {
  /** The errors that are raised without asking the host, as Emscripten numbers them. */
  readonly errors: Readonly<Record<'EINVAL' | 'ELOOP' | 'ENODEV' | 'ENOENT' | 'ENOSPC' | 'EXDEV', number>>;
  ask(operation: string, args: object, body?: Uint8Array): Answer;
  fail(errno: number): never;
  /** The refusal behind the last failed call, as JSON; empty if there was none. Asking clears it. */
  refusal(): string;
}

/** Runs inside the guest's realm; see `bootRealm`. */
export function askHostFiles(FS: Fs, port: RealmPort): HostFiles {
  const { parse, stringify } = JSON;
  const [ENOENT, EACCES, EBADF, EEXIST, EINVAL, EIO, EISDIR] = [44, 2, 8, 20, 28, 29, 31];
  const [ENODEV, ENOSPC, ENOTDIR, EXDEV] = [43, 51, 54, 75];
  const REASONS: Record<string, number> = {
    __proto__: null as never,
    'not-found': ENOENT,
    exists: EEXIST,
    'not-directory': ENOTDIR,
    'is-directory': EISDIR,
    'not-empty': 55,
    'not-permitted': EACCES,
    'too-large': 22,
    'too-many-open': 33,
    'no-space': ENOSPC,
    'bad-handle': EBADF,
    invalid: EINVAL,
    loop: 32,
    'name-too-long': 37,
    'cross-device': EXDEV,
    unsupported: 138,
    io: EIO,
  };
  let lastRefusal = '';

  const fail = (errno: number): never => {
    throw new FS.ErrnoError(errno);
  };
  const ask = (operation: string, args: object, body?: Uint8Array): Answer => {
    const text = port.callSync(operation, stringify(args), body?.buffer as ArrayBuffer | undefined);
    const answer = parse(text) as Answer & { refusal?: { code: string; details?: { reason?: string } } }; // the host's own text
    if (answer.refusal !== undefined) {
      lastRefusal = stringify(answer.refusal);
      const { code, details } = answer.refusal;
      if (code === 'CAPABILITY_DENIED') fail(EACCES);
      if (code === 'INPUT_INVALID') fail(EINVAL);
      fail(REASONS[details?.reason ?? 'io'] ?? EIO);
    }
    return answer;
  };

  return {
    errors: { EINVAL, ELOOP: 32, ENODEV, ENOENT, ENOSPC, EXDEV },
    ask,
    fail,
    refusal: () => {
      const text = lastRefusal;
      lastRefusal = '';
      return text;
    },
  };
}
