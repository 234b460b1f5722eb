import { type SandglassError, standFor } from './calls.ts';
import { define } from './primordials.ts';

/** Reason of a failed fs call → Node's code and words. */
const NODE: Readonly<Record<string, readonly [code: string, text: string]>> = {
  __proto__: null,
  'not-found': ['ENOENT', 'no such file or directory'],
  exists: ['EEXIST', 'file already exists'],
  'not-directory': ['ENOTDIR', 'not a directory'],
  'is-directory': ['EISDIR', 'illegal operation on a directory'],
  'not-empty': ['ENOTEMPTY', 'directory not empty'],
  'not-permitted': ['EPERM', 'operation not permitted'],
  'too-large': ['EFBIG', 'file too large'],
  'too-many-open': ['EMFILE', 'too many open files'],
  'no-space': ['ENOSPC', 'no space left'],
  'bad-handle': ['EBADF', 'bad file descriptor'],
  invalid: ['EINVAL', 'invalid argument'],
  loop: ['ELOOP', 'too many symbolic links'],
  'name-too-long': ['ENAMETOOLONG', 'name too long'],
  'cross-device': ['EXDEV', 'cross-device link not permitted'],
  unsupported: ['ENOTSUP', 'operation not supported'],
  io: ['EIO', 'i/o error'],
} as unknown as Readonly<Record<string, readonly [string, string]>>; // `__proto__: null` is syntax, not a field

/** Linux's numbers, which Node tells as `errno`, negative. */
const ERRNO: Readonly<Record<string, number>> = {
  __proto__: null,
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EBADF: 9,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
  ELOOP: 40,
} as unknown as Readonly<Record<string, number>>; // `__proto__: null` is syntax, not a field

/** The call of the system that Node names for one of its own, where that has another name; what fails on a folder fails when it is read. */
const SYSCALLS: Readonly<Record<string, string>> = {
  __proto__: null,
  readFile: 'open',
  writeFile: 'open',
  appendFile: 'open',
  truncate: 'open',
  readdir: 'scandir',
  rm: 'lstat',
  copyFile: 'copyfile',
  utimes: 'utime',
  realpath: 'lstat',
} as unknown as Readonly<Record<string, string>>; // `__proto__: null` is syntax, not a field

/** @param to the second path of a call that has two. */
const placeOf = (name: string, code: string | undefined, path: string | undefined, to: unknown): string => {
  if (name === 'readFile' && code === 'EISDIR') return 'read';
  const two = typeof to === 'string' ? ` -> '${to}'` : '';
  return `${SYSCALLS[name] ?? name}${path === undefined ? '' : ` '${path}'${two}`}`;
};

/** An fs error as Node programs expect it, standing for the same refusal. `sandglassCode` has the code of the outcome. */
export const fsError = (error: unknown, name: string, path: string | undefined, to?: unknown): unknown => {
  if (typeof error !== 'object' || error === null) return error;
  const refused = error as SandglassError;
  if (typeof refused.code !== 'string') return error;
  const reason = refused.details?.reason;
  const known = refused.code === 'CAPABILITY_DENIED' ? undefined : NODE[String(reason)];
  const made = new Error(
    known === undefined ? refused.message : `${known[0]}: ${known[1]}, ${placeOf(name, known[0], path, to)}`,
  ) as Error & Record<string, unknown>;
  if (known === undefined) define(made, 'name', 'SandglassError');
  const code = known?.[0] ?? (refused.code === 'CAPABILITY_DENIED' ? 'EACCES' : refused.code);
  const number = ERRNO[code];
  if (number !== undefined) made.errno = -number;
  made.code = code;
  made.syscall = name === 'readFile' && code === 'EISDIR' ? 'read' : (SYSCALLS[name] ?? name);
  if (path !== undefined && made.syscall !== 'read') made.path = path;
  if (typeof to === 'string') made.dest = to;
  // Shown only for what Node has no code for: a program that prints an error has Node's fields before it.
  const add =
    known === undefined
      ? (key: string, value: unknown): unknown => (made[key] = value)
      : (key: string, value: unknown): void => define(made, key, value);
  add('sandglassCode', refused.code);
  if (refused.hint !== undefined) add('hint', refused.hint);
  if (refused.details !== undefined) add('details', refused.details);
  return standFor(made, error);
};

/** Whether a call was refused because the whole file does not fit one message. */
export const isTooLarge = (error: unknown): boolean => reasonOf(error) === 'too-large';

export const isNotFound = (error: unknown): boolean => reasonOf(error) === 'not-found';

const reasonOf = (error: unknown): unknown => (error as SandglassError | undefined)?.details?.reason;
