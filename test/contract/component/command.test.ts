import { describe, expect, test } from 'vitest';
import type { HostReply, MountView } from '../../../runtime/contracts/host-function.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import { commandGuest } from '../../guests/component/build.ts';
import { runComponent } from '../../guests/component/run-component.ts';

const MOUNT: MountView = { path: '/data', write: true, delete: true };

const stat = (type: 'file' | 'directory', size = 0) => ({
  type,
  size,
  accessedMs: 1000.5,
  modifiedMs: 2000,
  changedMs: 3000,
  links: 1,
  device: '1',
  inode: type === 'file' ? '2' : '3',
});

/** One folder `/data` (handle 1) with one file `a.txt` (handle 2). */
const folder = (contents = 'abc') => {
  const written: [number | undefined, string][] = [];
  const refuse = (reason: string): never => {
    throw new SandglassError('HOST_CALL_FAILED', `Cannot do that: ${reason}`, { details: { reason } });
  };
  const operations: Record<string, (args: JsonObject, bytes?: Uint8Array) => HostReply> = {
    'fs.open': ({ path, create }) => {
      if (path === '/data' || path === '.') return { value: { handle: 1, stat: stat('directory') } };
      if (path === 'a.txt' || create === true)
        return { value: { handle: 2, stat: stat('file', contents.length) } };
      return refuse('not-found');
    },
    'fs.read': ({ offset, length }) => ({
      bytes: new TextEncoder().encode(contents.slice(Number(offset), Number(offset) + Number(length))),
    }),
    'fs.write': ({ offset }, bytes = new Uint8Array()) => {
      written.push([offset === undefined ? undefined : Number(offset), new TextDecoder().decode(bytes)]);
      return { value: { written: bytes.byteLength } };
    },
    'fs.close': () => ({}),
    'fs.fstat': ({ handle }) => ({ value: handle === 1 ? stat('directory') : stat('file', contents.length) }),
    'fs.stat': () => ({ value: stat('file', contents.length) }),
    'fs.flist': () => ({ value: [{ name: 'a.txt', type: 'file', inode: '2' }] }),
    'fs.mkdir': () => ({}),
    'fs.remove': () => refuse('not-empty'),
    'fs.rename': () => ({}),
  };
  return { operations, written };
};

describe.each(['jspi', 'sync'] as const)('a WASI command (%s)', (mode) => {
  const run = async (
    argv: readonly string[],
    more: Parameters<typeof runComponent>[2] = {},
    spec: Parameters<typeof runComponent>[1] = {},
  ) => runComponent(await commandGuest(), { argv, mounts: [MOUNT], ...spec }, { mode, ...more });

  test('gets its arguments and nothing else of the host', async () => {
    const { result, host } = await run(['args', 'a b', 'ä']);
    expect(result).toMatchObject({ kind: 'exit', exitCode: 0 });
    expect(host.stdout()).toBe('a b|ä\n');
    expect((await run(['env'])).host.stdout()).toBe('\n');
  });

  test('gets the granted environment', async () => {
    const { host } = await run(['env'], {}, { env: { LANG: 'C', EMPTY: '' } });
    expect(host.stdout()).toBe('LANG=C|EMPTY=\n');
  });

  test.each([0, 1, 3, 255])('ends with its status %i, and the host lives', async (code) => {
    const { result } = await run(['exit', String(code)]);
    expect(result).toMatchObject({ kind: 'exit', exitCode: code });
  });

  test('waits as long as it asks', async () => {
    const { host } = await run(['sleep', '25']);
    expect(host.stdout()).toBe('slept 0\n');
    const fixed = await run(['sleep', '3600000'], { deterministic: { seed: 1, now: 5 } });
    expect(fixed.host.stdout()).toBe('slept 0\n');
  });

  test('sees the fixed clock and seeded random of a deterministic run', async () => {
    const deterministic = { seed: 9, now: 1_700_000_000_123 };
    expect((await run(['time'], { deterministic })).host.stdout()).toBe('1700000000123\n');
    const [first, second] = [
      await run(['random'], { deterministic }),
      await run(['random'], { deterministic }),
    ];
    expect(first.host.stdout()).toBe(second.host.stdout());
  });

  test('reads a granted file through an open folder, in pieces, to its end', async () => {
    const { operations } = folder('x'.repeat(10_000));
    const { host } = await run(['read', 'a.txt'], { operations });
    expect(host.stdout()).toBe('x'.repeat(10_000));
    expect(host.calls.slice(0, 2)).toEqual([
      { operation: 'fs.open', args: { path: '/data', directory: true } },
      {
        operation: 'fs.open',
        args: {
          path: 'a.txt',
          at: 1,
          read: true,
          write: false,
          create: false,
          exclusive: false,
          truncate: false,
        },
      },
    ]);
    const reads = host.calls.filter(({ operation }) => operation === 'fs.read').map(({ args }) => args);
    expect(reads).toEqual([0, 4096, 8192, 10_000].map((offset) => ({ handle: 2, offset, length: 4096 })));
  });

  test('writes a file and closes it', async () => {
    const { operations, written } = folder();
    const { host } = await run(['write', 'new.txt', 'hello'], { operations });
    expect(host.stdout()).toBe('written\n');
    expect(written).toEqual([[0, 'hello']]);
    expect(host.calls.at(-1)).toEqual({ operation: 'fs.close', args: { handle: 2 } });
  });

  test('lists a folder', async () => {
    const { operations } = folder();
    expect((await run(['list'], { operations })).host.stdout()).toBe('.\n..\na.txt\n');
  });

  // Numbers of preview1: 2 access, 44 no entry, 55 not empty, 63 not permitted.
  test.each([
    [['read', 'missing.txt'], 'errno 44\n'],
    [['read', '/etc/passwd'], 'errno 63\n'],
    [['unlink', 'full'], 'errno 55\n'],
    [['mkdir', 'new'], 'errno 0\n'],
    [['rename', 'a.txt', 'b.txt'], 'errno 0\n'],
  ])('%j answers %j', async (argv, stdout) => {
    const { operations } = folder();
    expect((await run(argv, { operations })).host.stdout()).toBe(stdout);
  });

  test('a denied call is an error number for the guest', async () => {
    const { host } = await run(['read', 'a.txt']);
    expect(host.stdout()).toBe('errno 2\n');
    expect(host.calls).toEqual([{ operation: 'fs.open', args: { path: '/data', directory: true } }]);
  });

  test('without a mount there is no folder at all', async () => {
    const { host } = await run(['read', 'a.txt'], {}, { mounts: [] });
    expect(host.stdout()).toBe('errno 8\n');
    expect(host.calls).toEqual([]);
  });
});
