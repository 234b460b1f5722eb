import type { FsEntry, FsStat } from '../../../contracts/operations/fs.ts';
import type { JsonObject } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError, invalidArgument } from './errors.ts';

type Answer<T> = Eventually<Result<T, HostError>>;

interface Reply {
  readonly value: unknown;
  readonly bytes: Uint8Array;
}

/** `sandglass:host/fs`. */
export function fsInterface(run: ComponentRun) {
  const ask = <T>(
    operation: string,
    args: JsonObject,
    read: (reply: Reply) => T,
    bytes?: Uint8Array,
  ): Answer<T> => {
    run.check();
    return after(run.call(operation, args, bytes), (answer) =>
      answer.ok
        ? ok(read({ value: answer.value, bytes: answer.bytes ?? new Uint8Array() }))
        : hostError(answer),
    );
  };
  const nothing = (): undefined => undefined;
  const path = (given: string): string => absolute(run.spec.cwd, given);

  /** Reads a range through a handle of its own: open, chunks, close. */
  const readRange = (given: string, offset: number, length: number): Answer<Uint8Array> => {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      return invalidArgument(`Cannot read "${given}": offset ${offset} is not a place in a file`);
    }
    if (length > run.spec.limits.hostCallBytes) {
      return invalidArgument(
        `Cannot read "${given}": ${length} bytes are over ${run.spec.limits.hostCallBytes}`,
      );
    }
    return after(
      // The value is the host function's own, of the type its contract names.
      ask('fs.open', { path: path(given), read: true }, ({ value }) => (value as { handle: number }).handle),
      (opened) => {
        if (opened.tag === 'err') return opened;
        const handle = opened.val;
        return after(
          ask('fs.read', { handle, offset, length }, ({ bytes }) => bytes),
          (answer) => {
            run.send('fs.close', { handle });
            return answer;
          },
        );
      },
    );
  };

  return {
    read: (given: string): Answer<Uint8Array> =>
      ask('fs.readFile', { path: path(given) }, ({ bytes }) => bytes),
    readText: (given: string): Answer<string> =>
      after(
        ask('fs.readFile', { path: path(given) }, ({ bytes }) => bytes),
        (answer) => (answer.tag === 'ok' ? decode(given, answer.val) : answer),
      ),
    readRange,
    write: (given: string, contents: Uint8Array): Answer<undefined> =>
      ask('fs.writeFile', { path: path(given) }, nothing, contents),
    writeText: (given: string, contents: string): Answer<undefined> =>
      ask('fs.writeFile', { path: path(given) }, nothing, new TextEncoder().encode(contents)),
    append: (given: string, contents: Uint8Array): Answer<undefined> =>
      ask('fs.append', { path: path(given) }, nothing, contents),
    list: (given: string): Answer<readonly { name: string; kind: FsEntry['type'] }[]> =>
      ask('fs.list', { path: path(given) }, ({ value }) =>
        // As above: a list of FsEntry.
        (value as readonly FsEntry[]).map(({ name, type }) => ({ name, kind: type })),
      ),
    statPath: (given: string): Answer<{ kind: FsStat['type']; size: number; modified: number }> =>
      ask('fs.stat', { path: path(given) }, ({ value }) => {
        const stat = value as FsStat; // as above
        return { kind: stat.type, size: stat.size, modified: stat.modifiedMs };
      }),
    mkdir: (given: string): Answer<undefined> =>
      ask('fs.mkdir', { path: path(given), recursive: true }, nothing),
    remove: (given: string): Answer<undefined> => ask('fs.remove', { path: path(given) }, nothing),
    rename: (from: string, to: string): Answer<undefined> =>
      ask('fs.rename', { path: path(from), to: path(to) }, nothing),
  };
}

/** Relative paths start at the run's working folder; whether a path is allowed is for the gate to say. */
const absolute = (cwd: string, path: string): string =>
  path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;

function decode(path: string, bytes: Uint8Array): Result<string, HostError> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return invalidArgument(`Cannot read "${path}" as text: it is not UTF-8`);
  }
}
