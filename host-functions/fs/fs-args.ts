import type { FsOperations } from '../../runtime/contracts/operations/fs.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';

export type FsOperation = keyof FsOperations;

type Kind = 'string' | 'boolean' | 'whole' | 'time';
/** Argument → what it must be; a `?` at the end: it may be absent. */
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;

const TARGET: Shape = { path: 'string', at: 'whole?', noFollow: 'boolean?' };
const HANDLE: Shape = { handle: 'whole' };
const TIMES: Shape = { accessedMs: 'time?', modifiedMs: 'time?' };

const SHAPES: Readonly<Record<FsOperation, Shape>> = {
  'fs.open': {
    ...TARGET,
    read: 'boolean?',
    write: 'boolean?',
    append: 'boolean?',
    create: 'boolean?',
    exclusive: 'boolean?',
    truncate: 'boolean?',
    replace: 'boolean?',
    directory: 'boolean?',
  },
  'fs.commit': HANDLE,
  'fs.close': HANDLE,
  'fs.read': { ...HANDLE, offset: 'whole', length: 'whole' },
  'fs.write': { ...HANDLE, offset: 'whole?' },
  'fs.sync': HANDLE,
  'fs.fstat': HANDLE,
  'fs.ftruncate': { ...HANDLE, size: 'whole' },
  'fs.futimes': { ...HANDLE, ...TIMES },
  'fs.flist': HANDLE,
  'fs.stat': TARGET,
  'fs.list': TARGET,
  'fs.readFile': TARGET,
  'fs.writeFile': { ...TARGET, exclusive: 'boolean?' },
  'fs.append': TARGET,
  'fs.mkdir': { ...TARGET, recursive: 'boolean?' },
  'fs.remove': { ...TARGET, kind: 'string?', recursive: 'boolean?' },
  'fs.rename': { ...TARGET, to: 'string', toAt: 'whole?' },
  'fs.link': { ...TARGET, to: 'string', toAt: 'whole?' },
  'fs.symlink': { ...TARGET, target: 'string' },
  'fs.readlink': TARGET,
  'fs.utimes': { ...TARGET, ...TIMES },
  'fs.watch': { ...TARGET, recursive: 'boolean?' },
  'fs.watchNext': HANDLE,
};

export const isFsOperation = (name: string): name is FsOperation => Object.hasOwn(SHAPES, name);

/** Largest time that a JavaScript date can be, ms. */
const MAX_TIME = 8.64e15;

const FITS: Readonly<Record<Kind, (value: JsonValue) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  whole: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  time: (value) => typeof value === 'number' && Math.abs(value) <= MAX_TIME,
};

/**
 * Checks the arguments of one operation; what is not known is refused, so that a misspelt option is not ignored.
 * @throws {SandglassError} INPUT_INVALID
 */
export function checkFsArgs<O extends FsOperation>(operation: O, args: JsonObject): FsOperations[O]['args'] {
  const { shape, fields } = CHECKS[operation];
  const complain = (reason: string): SandglassError =>
    new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${reason}`, {
      details: { reason: 'invalid' },
    });
  for (const { name, kind, isOptional } of fields) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    if (value === undefined ? !isOptional : !FITS[kind](value)) {
      throw complain(`"${name}" must be ${DESCRIBED[kind]}`);
    }
  }
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(shape, name)) throw complain(`unknown argument ${JSON.stringify(name.slice(0, 64))}`);
  }
  if (args.kind !== undefined && args.kind !== 'file' && args.kind !== 'directory') {
    throw complain('"kind" must be "file" or "directory"');
  }
  // Each field was just checked against the operation's own shape.
  return args as unknown as FsOperations[O]['args'];
}

const DESCRIBED: Readonly<Record<Kind, string>> = {
  string: 'a string',
  boolean: 'true or false',
  whole: 'a whole number from 0',
  time: 'a time in ms',
};

interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly isOptional: boolean;
}

/** The shapes taken apart, once. */
const CHECKS = Object.fromEntries(
  Object.entries(SHAPES).map(([operation, shape]) => {
    const fields: Field[] = Object.entries(shape).map(([name, kind]) => ({
      name,
      kind: kind.replace('?', '') as Kind, // what is left of a kind without its mark
      isOptional: kind.endsWith('?'),
    }));
    return [operation, { shape, fields }];
  }),
) as unknown as Readonly<Record<FsOperation, { readonly shape: Shape; readonly fields: readonly Field[] }>>; // by the keys of SHAPES
