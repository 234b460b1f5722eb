import { describe, expect, test } from 'vitest';
import type { HostReply } from '../../../runtime/contracts/host-function.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import type { FakeHostOptions } from '../../support/fake-host.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

interface Disk {
  readonly files: Map<string, Uint8Array>;
  readonly folders: Set<string>;
  readonly operations: NonNullable<FakeHostOptions['operations']>;
  readonly open: () => number;
}

/** The fs operations over a map: as much as the guest's side needs to be seen. */
function createDisk(messageBytes = 8 * 1024 * 1024): Disk {
  const files = new Map<string, Uint8Array>([['/data/a.txt', new TextEncoder().encode('héllo')]]);
  const folders = new Set(['/', '/data', '/data/sub']);
  const handles = new Map<number, string>();
  let last = 0;
  const fail = (reason: string, path: unknown): never => {
    throw new SandglassError('HOST_CALL_FAILED', `Cannot use "${path}": ${reason}`, { details: { reason } });
  };
  const stat = (path: string) => {
    if (!files.has(path) && !folders.has(path)) fail('not-found', path);
    const size = files.get(path)?.length ?? 0;
    return {
      type: folders.has(path) ? 'directory' : 'file',
      size,
      accessedMs: 1,
      modifiedMs: 2000,
      changedMs: 3,
      links: 1,
      device: '1',
      inode: '7',
    };
  };
  const pathOf = (args: JsonObject): string => String(args.path);
  const fileOf = (args: JsonObject): string =>
    handles.get(Number(args.handle)) ?? fail('bad-handle', args.handle);
  const put = (path: string, at: number, bytes: Uint8Array): void => {
    const old = files.get(path) ?? new Uint8Array();
    const next = new Uint8Array(Math.max(old.length, at + bytes.length));
    next.set(old);
    next.set(bytes, at);
    files.set(path, next);
  };
  const operations: Record<string, (args: JsonObject, bytes?: Uint8Array) => HostReply> = {
    'fs.readFile': (args) => {
      const path = pathOf(args);
      if (folders.has(path)) fail('is-directory', path);
      const bytes = files.get(path) ?? fail('not-found', path);
      return bytes.length > messageBytes ? fail('too-large', path) : { bytes };
    },
    'fs.writeFile': (args, bytes = new Uint8Array()) => {
      if (args.exclusive === true && files.has(pathOf(args))) fail('exists', pathOf(args));
      files.set(pathOf(args), bytes.slice());
      return { value: { written: bytes.length } };
    },
    'fs.append': (args, bytes = new Uint8Array()) => {
      put(pathOf(args), files.get(pathOf(args))?.length ?? 0, bytes);
      return { value: { written: bytes.length } };
    },
    'fs.stat': (args) => ({ value: stat(pathOf(args)) }),
    'fs.list': (args) => {
      const prefix = `${pathOf(args)}/`;
      const names = [...files.keys(), ...folders].filter(
        (path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
      );
      return {
        value: names.toSorted().map((path) => ({
          name: path.slice(prefix.length),
          type: folders.has(path) ? 'directory' : 'file',
          inode: '1',
        })),
      };
    },
    'fs.mkdir': (args) => {
      if (folders.has(pathOf(args)) && args.recursive !== true) fail('exists', pathOf(args));
      folders.add(pathOf(args));
      return {};
    },
    'fs.remove': (args) => {
      const path = pathOf(args);
      if (!files.delete(path) && !folders.delete(path)) fail('not-found', path);
      return {};
    },
    'fs.rename': (args) => {
      const bytes = files.get(pathOf(args)) ?? fail('not-found', pathOf(args));
      files.delete(pathOf(args));
      files.set(String(args.to), bytes);
      return {};
    },
    'fs.symlink': (args) => ({ value: { path: pathOf(args), target: args.target ?? null } }),
    'fs.readlink': () => ({ value: { target: 'a.txt' } }),
    'fs.open': (args) => {
      if (args.replace === true) {
        last += 1;
        handles.set(last, `${pathOf(args)} (new)`);
        return { value: { handle: last, stat: { ...stat(pathOf({ path: '/data' })), size: 0 } } };
      }
      const path = pathOf(args);
      if (!files.has(path) && args.create !== true) fail('not-found', path);
      if (args.exclusive === true && files.has(path)) fail('exists', path);
      if (!files.has(path) || args.truncate === true) files.set(path, new Uint8Array());
      last += 1;
      handles.set(last, path);
      return { value: { handle: last, stat: stat(path) } };
    },
    'fs.commit': (args) => {
      const path = fileOf(args);
      files.set(path.replace(/ \(new\)$/, ''), files.get(path) ?? new Uint8Array());
      files.delete(path);
      handles.delete(Number(args.handle));
      return {};
    },
    'fs.close': (args) => {
      if (fileOf(args).endsWith(' (new)')) files.delete(fileOf(args));
      handles.delete(Number(args.handle));
      return {};
    },
    'fs.read': (args) => {
      const { offset, length } = args as { offset: number; length: number };
      return {
        bytes: (files.get(fileOf(args)) ?? new Uint8Array()).slice(
          offset,
          offset + Math.min(length, messageBytes),
        ),
      };
    },
    'fs.write': (args, bytes = new Uint8Array()) => {
      const path = fileOf(args);
      put(path, typeof args.offset === 'number' ? args.offset : (files.get(path)?.length ?? 0), bytes);
      return { value: { written: bytes.length } };
    },
    'fs.fstat': (args) => ({ value: stat(fileOf(args)) }),
    'fs.ftruncate': (args) => {
      const next = new Uint8Array(Number(args.size));
      next.set((files.get(fileOf(args)) ?? new Uint8Array()).subarray(0, next.length));
      files.set(fileOf(args), next);
      return {};
    },
  };
  return { files, folders, operations, open: () => handles.size };
}

const text = (disk: Disk, path: string): string => new TextDecoder().decode(disk.files.get(path));

describe('fs', () => {
  test('reads, writes, appends, copies and renames, relative to cwd', async () => {
    const disk = createDisk();
    const { value } = await runJs(
      `await fs.writeFile('b.txt', 'one'); await fs.appendFile('./b.txt', new Uint8Array([33])); await fs.copyFile('a.txt', '/data/c.txt'); await fs.rename('c.txt', 'd.txt');
       await fs.writeFile('/data/x.b64', 'aGk=', 'base64');
       [await fs.readFile('a.txt', 'utf8'), await fs.readFile('b.txt', { encoding: 'utf-8' }), (await fs.readFile(new URL('file:///data/a.txt'))) instanceof Uint8Array, await fs.readFile('a.txt', 'hex'), await fs.readFile('a.txt', 'base64'), await fs.readFile('/data/x.b64', 'latin1')]`,
      { spec: { cwd: '/data' }, host: { operations: disk.operations } },
    );
    expect(value).toEqual(['héllo', 'one!', true, '68c3a96c6c6f', 'aMOpbGxv', 'hi']);
    expect([text(disk, '/data/b.txt'), text(disk, '/data/d.txt'), disk.files.has('/data/c.txt')]).toEqual([
      'one!',
      'héllo',
      false,
    ]);
  });

  test('readdir, stat, mkdir, rm, access, symlink, readlink', async () => {
    const disk = createDisk();
    const { value } = await runJs(
      `import { readdir, stat, mkdir, rm, access, symlink, readlink } from 'node:fs/promises';
       const dir = await readdir('/data', { withFileTypes: true }); const s = await stat('/data/a.txt');
       await mkdir('/data/new/deep', { recursive: true }); await rm('/data/a.txt'); await rm('/data/none', { force: true }); await symlink('target', '/data/link');
       let gone; try { await access('/data/a.txt') } catch (e) { gone = [e.code, e.syscall, e.path, e.message, e.name, e.sandglassCode] }
       export default [dir.map((d) => [d.name, d.isDirectory(), d.isFile()]), [s.size, s.isFile(), s.isDirectory(), s.mtime.getTime(), s.mtimeMs], gone, await readlink('/data/link')]`,
      { host: { operations: disk.operations } },
    );
    expect(value).toEqual([
      [
        ['a.txt', false, true],
        ['sub', true, false],
      ],
      [6, true, false, 2000, 2000],
      [
        'ENOENT',
        'access',
        '/data/a.txt',
        "ENOENT: no such file or directory, access '/data/a.txt'",
        'Error',
        'HOST_CALL_FAILED',
      ],
      'a.txt',
    ]);
  });

  test('FileHandle reads, writes, stats, truncates and closes', async () => {
    const disk = createDisk();
    const { value } = await runJs(
      `const h = await fs.open('/data/h.txt', 'w+'); const w = await h.write('hello '); await h.write(new TextEncoder().encode('world'));
       await h.write('J', 0); const b = new Uint8Array(5); const r = await h.read(b, 0, 5, 0); const s = await h.stat(); await h.truncate(3); const rest = await (await fs.open('/data/h.txt')).readFile('utf8'); await h.close(); await h.close();
       let closed; try { await h.stat() } catch (e) { closed = e.code }
       [w.bytesWritten, r.bytesRead, new TextDecoder().decode(b), s.size, rest, closed]`,
      { host: { operations: disk.operations } },
    );
    expect(value).toEqual([6, 5, 'Jello', 11, 'Jel', 'EBADF']);
  });

  test('the blocking names do the same', async () => {
    const disk = createDisk();
    const { value } = await runJs(
      `import fs, { readFileSync } from 'node:fs';
       fs.writeFileSync('/data/s.txt', 'sync'); fs.mkdirSync('/data/q');
       let gone; try { readFileSync('/data/none') } catch (e) { gone = e.code }
       export default [readFileSync('/data/s.txt', 'utf8'), fs.existsSync('/data/s.txt'), fs.existsSync('/nope'), fs.readdirSync('/data'), fs.statSync('/data/s.txt').size, gone]`,
      { host: { operations: disk.operations } },
    );
    expect(value).toEqual(['sync', true, false, ['a.txt', 'q', 's.txt', 'sub'], 4, 'ENOENT']);
  });

  test('a file over one message is read and written in chunks, and its handle closed', async () => {
    const disk = createDisk(1000);
    const big = Uint8Array.from({ length: 3500 }, (_, at) => at % 251);
    disk.files.set('/data/big', big);
    const { value, host } = await runJs(
      `const all = await fs.readFile('/data/big'); await fs.writeFile('/data/copy', all); await fs.appendFile('/data/copy', all); all.length`,
      { host: { operations: disk.operations }, limits: { hostCallBytes: 1024 } },
    );
    expect(value).toBe(3500);
    expect(disk.files.get('/data/copy')).toEqual(Uint8Array.from([...big, ...big]));
    expect([disk.open(), [...disk.files.keys()].filter((path) => path.endsWith('(new)'))]).toEqual([0, []]);
    expect(host.calls.filter(({ operation }) => operation === 'fs.read').length).toBeGreaterThan(3);
  });

  test("errors carry Node's codes", async () => {
    const disk = createDisk();
    const { value } = await runJs(
      `const code = async (f) => { try { await f(); return 'ok' } catch (e) { return e.code } };
       [await code(() => fs.mkdir('/data')), await code(() => fs.readFile('/data')), await code(() => fs.writeFile('/data/a.txt', '', { flag: 'wx' })), await code(() => fs.open('/none')), await code(() => fs.readFile(5)), await code(() => fs.open('/x', 'zz'))]`,
      { host: { operations: disk.operations } },
    );
    expect(value).toEqual(['EEXIST', 'EISDIR', 'EEXIST', 'ENOENT', null, null]);
  });

  test('without a grant a call fails with the denial, as EACCES', async () => {
    const { value } = await runJs(
      'try { await fs.readFile("/etc/passwd") } catch (e) { [e.code, e.sandglassCode, e.name, e.message, e.path] }',
    );
    expect(value).toEqual([
      'EACCES',
      'CAPABILITY_DENIED',
      'SandglassError',
      'Cannot call fs.readFile: no grant covers it',
      '/etc/passwd',
    ]);
  });
});
