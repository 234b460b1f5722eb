import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FsPart, parseFsGrants } from '../../../host-functions/fs/fs-grant.ts';
import { createMemoryBackend } from '../../../host-functions/fs/memory-backend.ts';
import { createNodeBackend } from '../../../host-functions/fs/node-backend.ts';
import type { FsGrant } from '../../../runtime/vocabulary/grants/fs.ts';
import { encode, type FsGuest, openGuest } from '../../support/fs-harness.ts';
import { createNodeFs } from '../../support/node-fs.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sandglass-fs-')));
  mkdirSync(join(root, 'data/sub'), { recursive: true });
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'data/a.txt'), 'hi');
  writeFileSync(join(root, 'data/b.exe'), 'exe');
  writeFileSync(join(root, 'data/sub/c.TXT'), 'c');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const on = (...grant: readonly FsGrant[]): FsGuest =>
  openGuest({ backend: createNodeBackend({ cwd: root }), grant });
const data = (fields: Partial<FsGrant> = {}): FsGrant => ({
  host: 'data',
  access: ['read', 'write'],
  ...fields,
});

describe('fs mounts', () => {
  test('show granted folders at their guest paths and nothing else', () => {
    using guest = on({ host: 'data' }, { host: './out', guest: '/desk/results', access: ['write', 'read'] });
    expect(guest.text('/data/a.txt')).toBe('hi');
    expect(guest.names('/')).toEqual(['data', 'desk', 'tmp']);
    expect(guest.names('/desk')).toEqual(['results']);
    expect(guest.call('fs.stat', { path: '/desk' }).value.type).toBe('directory');
    guest.call('fs.writeFile', { path: '/desk/../desk/results/x' }, 'x');
    expect(readFileSync(join(root, 'out/x'), 'utf8')).toBe('x');
    expect(guest.session.mounts).toEqual([
      { path: '/data', write: false, delete: false },
      { path: '/desk/results', write: true, delete: true },
      { path: '/tmp', write: true, delete: true, scratch: true },
    ]);
  });

  test('without a grant there is only the scratch folder', () => {
    using guest = openGuest({});
    expect(guest.names('/')).toEqual(['tmp']);
    guest.call('fs.writeFile', { path: '/tmp/a' }, 'x');
    expect(guest.text('/tmp/a')).toBe('x');
    expect(guest.refusal('fs.list', { path: '/app' })).toEqual({
      code: 'CAPABILITY_DENIED',
      message: 'Cannot list "/app": no grant for fs.read covers it',
      hint: 'Grant it with --allow-read=HOSTFOLDER:/app (in a program: {"fs":[{"host":"HOSTFOLDER","guest":"/app","access":["read"]}]}), or do without; do not retry',
      details: {
        capability: 'fs.read',
        requested: '/app',
        reason: 'not-permitted',
        missing: ['fs.read'],
        grant: { fs: [{ host: 'HOSTFOLDER', guest: '/app', access: ['read'] }] },
      },
    });
  });

  test('a denied write names the grant that would allow it', () => {
    using guest = on({ host: 'data' });
    expect(guest.refusal('fs.writeFile', { path: '/data/sub/new' }, 'x')).toEqual({
      code: 'CAPABILITY_DENIED',
      message: 'Cannot write "/data/sub/new": no grant for fs.write covers it',
      hint: 'Grant it with --allow-write=HOSTFOLDER:/data (in a program: {"fs":[{"host":"HOSTFOLDER","guest":"/data","access":["read","write"]}]}), or do without; do not retry',
      details: {
        capability: 'fs.write',
        requested: '/data/sub/new',
        reason: 'not-permitted',
        missing: ['fs.write'],
        grant: { fs: [{ host: 'HOSTFOLDER', guest: '/data', access: ['read', 'write'] }] },
      },
    });
  });

  test('opening for both with one granted says which lacks', () => {
    using guest = on({ host: 'data', access: ['write'] });
    const both = guest.refusal('fs.open', { path: '/data/new', read: true, write: true, create: true });
    expect(both).toMatchObject({
      message:
        'Cannot open "/data/new" for reading and writing: no grant for fs.read covers it, only one for fs.write',
      hint: expect.stringContaining('--allow-read=HOSTFOLDER:/data'),
      details: {
        missing: ['fs.read'],
        grant: { fs: [{ guest: '/data', access: ['read', 'write', 'delete'] }] },
      },
    });
  });

  test('may be one file', () => {
    using guest = on(
      { host: 'data/a.txt', access: ['read', 'write'] },
      { host: 'data/b.exe', guest: '/in/x' },
    );
    expect(guest.names('/')).toEqual(['a.txt', 'in', 'tmp']);
    expect(guest.text('/a.txt')).toBe('hi');
    expect(guest.text('/in/x')).toBe('exe');
    expect(guest.call('fs.list', { path: '/in' }).value).toMatchObject([{ name: 'x', type: 'file' }]);
    guest.call('fs.writeFile', { path: '/a.txt' }, 'new');
    expect(readFileSync(join(root, 'data/a.txt'), 'utf8')).toBe('new');
    expect(guest.reason('fs.remove', { path: '/a.txt' })).toBe('not-permitted');
    expect(guest.reason('fs.rename', { path: '/a.txt', to: '/tmp/a' })).toBe('not-permitted');
    expect(guest.reason('fs.readFile', { path: '/a.txt/x' })).toBe('not-directory');
    expect(guest.refusal('fs.readFile', { path: '/b.exe' }).code).toBe('CAPABILITY_DENIED');
    expect(readdirSync(join(root, 'data')).sort()).toEqual(['a.txt', 'b.exe', 'sub']);
  });

  test('may lie in one another, each with its own access', () => {
    using guest = on(
      { host: 'data', guest: '/w' },
      { host: 'out', guest: '/w/deep/out', access: ['read', 'write'] },
    );
    expect(guest.names('/w')).toEqual(['a.txt', 'b.exe', 'deep', 'sub']);
    expect(guest.names('/w/deep')).toEqual(['out']);
    guest.call('fs.writeFile', { path: '/w/deep/out/x' }, 'x');
    expect(guest.text('/w/sub/../deep/out/x')).toBe('x');
    expect(guest.refusal('fs.writeFile', { path: '/w/x' }, 'x').code).toBe('CAPABILITY_DENIED');
    expect(existsSync(join(root, 'out/x'))).toBe(true);
  });

  test('of one guest path share it, and any of them may allow a call', () => {
    using guest = on({ host: 'data' }, { host: join(root, 'data'), access: ['write'], extensions: ['.csv'] });
    guest.call('fs.writeFile', { path: '/data/x.csv' }, 'x');
    expect(guest.text('/data/x.csv')).toBe('x');
    expect(guest.refusal('fs.writeFile', { path: '/data/a.txt' }, 'x').message).toBe(
      'Cannot write "/data/a.txt": the grant covers only names that end in .csv, not .txt',
    );
  });

  test('that cannot be opened, or contradict each other, are a TypeError', () => {
    expect(() => on({ host: 'nowhere' })).toThrow(
      'Cannot mount grant.fs[0]: "nowhere": no such file or folder',
    );
    expect(() => on({ host: 'HOSTFOLDER', guest: '/x' })).toThrow(
      'Cannot mount grant.fs[0]: "HOSTFOLDER": no such file or folder, put the folder of the host in its place',
    );
    expect(() => on({ host: 'data', guest: '/x' }, { host: 'out', guest: '/x' })).toThrow(TypeError);
    expect(() => on({ host: 'data/a.txt', guest: '/' })).toThrow(TypeError);
    expect(() => openGuest({ grant: [{ host: 'data' }] })).toThrow('this platform has no host files');
  });

  test('may be the whole guest tree', () => {
    using guest = on({ host: 'data', guest: '/' });
    expect(guest.names('/')).toEqual(['a.txt', 'b.exe', 'sub', 'tmp']);
    expect(guest.text('/a.txt')).toBe('hi');
    expect(guest.text('/../a.txt')).toBe('hi');
    expect(guest.reason('fs.readFile', { path: '/etc/passwd' })).toBe('not-found');
  });

  test('for writing only give no reading', () => {
    using guest = on({ host: 'data', access: ['write'] });
    guest.call('fs.writeFile', { path: '/data/x' }, 'x');
    const at = guest.call('fs.open', { path: '/data', directory: true }).value.handle;
    guest.call('fs.writeFile', { path: 'y', at }, 'y');
    for (const operation of ['fs.readFile', 'fs.stat', 'fs.list'] as const) {
      expect(guest.refusal(operation, { path: '/data/x' }).code).toBe('CAPABILITY_DENIED');
    }
    expect(guest.refusal('fs.flist', { handle: at }).code).toBe('CAPABILITY_DENIED');
    expect(guest.refusal('fs.open', { path: '/data/x', read: true, write: true }).code).toBe(
      'CAPABILITY_DENIED',
    );
  });
});

describe('fs scratch folder', () => {
  test('belongs to one run and is gone with it', () => {
    const host = createNodeFs({ backend: createMemoryBackend() });
    expect(host.network).toBe(false);
    using one = openGuest({});
    using other = openGuest({});
    one.call('fs.writeFile', { path: '/tmp/mine' }, 'x');
    expect(other.names('/tmp')).toEqual([]);
  });

  test('is capped, names and empty files included, and gives back what is removed', () => {
    using guest = openGuest({ scratchBytes: 10_000 });
    expect(guest.reason('fs.writeFile', { path: '/tmp/big' }, 'x'.repeat(10_001))).toBe('too-large');
    expect(guest.names('/tmp')).toEqual([]);
    const fill = (): number => {
      for (let made = 0; ; made++) {
        try {
          guest.call('fs.writeFile', { path: `/tmp/${made}` }, '');
        } catch {
          return made;
        }
      }
    };
    const made = fill();
    expect(made).toBeLessThan(40);
    expect(guest.reason('fs.writeFile', { path: '/tmp/more' }, '')).toBe('no-space');
    expect(guest.reason('fs.mkdir', { path: '/tmp/more' })).toBe('no-space');
    expect(guest.reason('fs.symlink', { path: '/tmp/more', target: 'x' })).toBe('no-space');
    for (let index = 0; index < made; index++) guest.call('fs.remove', { path: `/tmp/${index}` });
    expect(fill()).toBe(made);
  });

  test('counts what an open handle keeps, until it is closed', () => {
    using guest = openGuest({ scratchBytes: 10_000 });
    const write = (): void => void guest.call('fs.writeFile', { path: '/tmp/a' }, 'x'.repeat(8_000));
    write();
    const { handle } = guest.call('fs.open', { path: '/tmp/a', read: true }).value;
    guest.call('fs.remove', { path: '/tmp/a' });
    expect(guest.reason('fs.writeFile', { path: '/tmp/a' }, 'x'.repeat(8_000))).toBe('no-space');
    guest.call('fs.close', { handle });
    write();
    expect(guest.call('fs.stat', { path: '/tmp/a' }).value.size).toBe(8_000);
  });

  test('refuses a size that is none', () => {
    expect(() => createNodeFs({ scratchBytes: -1 })).toThrow(RangeError);
  });
});

describe('fs limits of a grant', () => {
  test('extensions hold for every way to touch a file, case-insensitively', () => {
    using guest = on(data({ extensions: ['.txt'] }));
    expect(guest.text('/data/sub/c.TXT')).toBe('c');
    const denied = guest.refusal('fs.readFile', { path: '/data/b.exe' });
    expect(denied.code).toBe('CAPABILITY_DENIED');
    expect(denied.message).toBe(
      'Cannot read "/data/b.exe": the grant covers only names that end in .txt, not .exe',
    );
    expect(denied.hint).toBe('Use a name that ends in .txt; do not retry');
    guest.call('fs.symlink', { path: '/data/l.txt', target: 'b.exe' });
    const attempts: readonly (() => unknown)[] = [
      () => guest.refusal('fs.readFile', { path: '/data/none.exe' }),
      () => guest.refusal('fs.readFile', { path: '/data/noending' }),
      () => guest.refusal('fs.readFile', { path: '/data/l.txt' }),
      () => guest.refusal('fs.writeFile', { path: '/data/x.exe' }, 'x'),
      () => guest.refusal('fs.append', { path: '/data/b.exe' }, 'x'),
      () => guest.refusal('fs.open', { path: '/data/b.exe', read: true }),
      () => guest.refusal('fs.stat', { path: '/data/b.exe' }),
      () => guest.refusal('fs.remove', { path: '/data/b.exe' }),
      () => guest.refusal('fs.rename', { path: '/data/b.exe', to: '/data/b.txt' }),
      () => guest.refusal('fs.rename', { path: '/data/a.txt', to: '/data/a.exe' }),
      () => guest.refusal('fs.link', { path: '/data/b.exe', to: '/data/b.txt' }),
      () => guest.refusal('fs.link', { path: '/data/a.txt', to: '/data/a.exe' }),
      () => guest.refusal('fs.symlink', { path: '/data/l.exe', target: 'a.txt' }),
      () => guest.refusal('fs.utimes', { path: '/data/b.exe', modifiedMs: 1 }),
    ];
    for (const attempt of attempts) expect(attempt()).toMatchObject({ code: 'CAPABILITY_DENIED' });
    expect(guest.names('/data')).toEqual(['a.txt', 'l.txt', 'sub']);
    expect(readFileSync(join(root, 'data/b.exe'), 'utf8')).toBe('exe');
    guest.call('fs.mkdir', { path: '/data/folder' });
    guest.call('fs.rename', { path: '/data/folder', to: '/data/folder2' });
    expect(guest.reason('fs.remove', { path: '/data', recursive: true })).toBe('not-permitted');
  });

  test('maxFileBytes is counted after the write, and nothing is left over', () => {
    using guest = on(data({ maxFileBytes: 5 }));
    guest.call('fs.writeFile', { path: '/data/x' }, '12345');
    expect(guest.reason('fs.writeFile', { path: '/data/x' }, '123456')).toBe('too-large');
    expect(guest.reason('fs.writeFile', { path: '/data/y' }, '123456')).toBe('too-large');
    expect(guest.reason('fs.append', { path: '/data/x' }, '6')).toBe('too-large');
    expect(guest.reason('fs.append', { path: '/data/z' }, '123456')).toBe('too-large');
    const { handle } = guest.call('fs.open', { path: '/data/x', write: true }).value;
    expect(guest.reason('fs.write', { handle }, '6')).toBe('too-large');
    expect(guest.reason('fs.write', { handle, offset: 2 ** 40 }, '6')).toBe('too-large');
    expect(guest.reason('fs.ftruncate', { handle, size: 6 })).toBe('too-large');
    guest.call('fs.write', { handle, offset: 4 }, 'E');
    expect(guest.text('/data/x')).toBe('1234E');
    writeFileSync(join(root, 'data/big'), '123456');
    expect(guest.reason('fs.readFile', { path: '/data/big' })).toBe('too-large');
    expect(guest.reason('fs.open', { path: '/data/big', read: true })).toBe('too-large');
    expect(readdirSync(join(root, 'data')).sort()).toEqual(['a.txt', 'b.exe', 'big', 'sub', 'x']);
  });

  test('maxFileBytes is 10 MiB for writes where the grant has none', () => {
    using guest = on(data());
    const most = 10 * 1024 * 1024;
    const { handle } = guest.call('fs.open', { path: '/data/x', write: true, create: true }).value;
    guest.call('fs.ftruncate', { handle, size: most });
    expect(guest.reason('fs.append', { path: '/data/x' }, '1')).toBe('too-large');
    expect(guest.reason('fs.ftruncate', { handle, size: most + 1 })).toBe('too-large');
    expect(statSync(join(root, 'data/x')).size).toBe(most);
  });

  test('a file over hostCallBytes is read in chunks', () => {
    writeFileSync(join(root, 'data/big'), 'x'.repeat(3000));
    using guest = openGuest({
      backend: createNodeBackend({ cwd: root }),
      grant: [{ host: 'data' }],
      hostCallBytes: 1024,
    });
    expect(guest.reason('fs.readFile', { path: '/data/big' })).toBe('too-large');
    const { handle } = guest.call('fs.open', { path: '/data/big', read: true }).value;
    expect(guest.reason('fs.read', { handle, offset: 0, length: 1025 })).toBe('too-large');
    expect(guest.call('fs.read', { handle, offset: 2500, length: 1024 }).bytes).toHaveLength(500);
    for (let index = 0; index < 50; index++) writeFileSync(join(root, 'data', `name-${index}`), '');
    expect(guest.reason('fs.list', { path: '/data' })).toBe('too-large');
  });

  test('maxOpenFiles counts files and folders until they are closed', () => {
    using guest = on(data({ maxOpenFiles: 2 }));
    const { handle } = guest.call('fs.open', { path: '/data/a.txt', read: true }).value;
    guest.call('fs.open', { path: '/data', directory: true });
    expect(guest.reason('fs.open', { path: '/data/a.txt', read: true })).toBe('too-many-open');
    guest.call('fs.close', { handle });
    guest.call('fs.open', { path: '/data/a.txt', read: true });
  });

  test('maxCalls counts calls with a path', () => {
    using guest = on(data({ maxCalls: 3 }));
    const { handle } = guest.call('fs.open', { path: '/data/a.txt', read: true, write: true }).value;
    guest.call('fs.readFile', { path: '/data/a.txt' });
    guest.call('fs.writeFile', { path: '/data/b.txt' }, 'x');
    expect(guest.refusal('fs.writeFile', { path: '/data/c.txt' }, 'x')).toMatchObject({
      code: 'HOST_CALLS_EXCEEDED',
      message: `Cannot write "/data/c.txt": the grant's 3 calls are spent`,
    });
    guest.call('fs.read', { handle, offset: 0, length: 1 });
    expect(existsSync(join(root, 'data/c.txt'))).toBe(false);
  });

  test('maxBytes counts bytes read and written', () => {
    using guest = on(data({ maxBytes: 6 }));
    guest.call('fs.readFile', { path: '/data/a.txt' });
    guest.call('fs.writeFile', { path: '/data/x' }, '123');
    expect(guest.refusal('fs.writeFile', { path: '/data/x' }, '12')).toMatchObject({
      code: 'CAPABILITY_DENIED',
      message: `Cannot write "/data/x": the grant's 6 bytes are spent`,
      details: { limit: { maxBytes: 6 } },
    });
    const { handle } = guest.call('fs.open', { path: '/data/a.txt', read: true, write: true }).value;
    expect(guest.refusal('fs.read', { handle, offset: 0, length: 2 }).code).toBe('CAPABILITY_DENIED');
    expect(guest.refusal('fs.write', { handle, offset: 0 }, 'ab').code).toBe('CAPABILITY_DENIED');
    guest.call('fs.read', { handle, offset: 1, length: 100 });
    expect(readFileSync(join(root, 'data/x'), 'utf8')).toBe('123');
    expect(readFileSync(join(root, 'data/a.txt'), 'utf8')).toBe('hi');
  });

  test.each([
    [
      'maxReadBytes',
      'fs.readFile',
      undefined,
      'Cannot read "/data/a.txt": the grant\'s 3 bytes to read are spent',
    ],
    [
      'maxWriteBytes',
      'fs.writeFile',
      'hi',
      'Cannot write "/data/a.txt": the grant\'s 3 bytes to write are spent',
    ],
  ] as const)('%s counts in one direction only', (cap, operation, content, message) => {
    using guest = on(data({ [cap]: 3 }));
    const other = operation === 'fs.readFile' ? 'fs.writeFile' : 'fs.readFile';
    const path = '/data/a.txt';
    for (let time = 0; time < 3; time++)
      guest.call(other, { path }, other === 'fs.writeFile' ? 'hi' : undefined);
    guest.call(operation, { path }, content);
    expect(guest.refusal(operation, { path }, content)).toMatchObject({
      code: 'CAPABILITY_DENIED',
      message,
      details: { limit: { [cap]: 3 } },
      hint: expect.stringContaining(cap),
    });
    guest.call(other, { path }, other === 'fs.writeFile' ? 'hi' : undefined);
  });

  test('delete: false keeps every name', () => {
    using guest = on(data({ delete: false }));
    expect(guest.refusal('fs.remove', { path: '/data/a.txt' })).toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { capability: 'fs.delete' },
    });
    expect(guest.refusal('fs.remove', { path: '/data/none' }).code).toBe('CAPABILITY_DENIED');
    expect(guest.refusal('fs.rename', { path: '/data/a.txt', to: '/data/b.exe' }).details.capability).toBe(
      'fs.delete',
    );
    guest.call('fs.rename', { path: '/data/a.txt', to: '/data/new.txt' });
    guest.call('fs.writeFile', { path: '/data/new.txt' }, 'changed');
    expect(readFileSync(join(root, 'data/new.txt'), 'utf8')).toBe('changed');
    expect(readFileSync(join(root, 'data/b.exe'), 'utf8')).toBe('exe');
  });

  test('access delete alone removes and does nothing else', () => {
    using guest = on(data({ access: ['read', 'delete'] }));
    expect(guest.refusal('fs.writeFile', { path: '/data/a.txt' }, 'x').code).toBe('CAPABILITY_DENIED');
    guest.call('fs.remove', { path: '/data/a.txt' });
    expect(existsSync(join(root, 'data/a.txt'))).toBe(false);
  });
});

describe('fs isolation levels', () => {
  test('readOnlyFiles refuses every change outside the scratch folder', () => {
    using guest = openGuest({
      backend: createNodeBackend({ cwd: root }),
      grant: [data()],
      level: { readOnlyFiles: true },
    });
    expect(guest.text('/data/a.txt')).toBe('hi');
    for (const refused of [
      guest.refusal('fs.writeFile', { path: '/data/a.txt' }, 'x'),
      guest.refusal('fs.writeFile', { path: '/data/none' }, 'x'),
      guest.refusal('fs.remove', { path: '/data/a.txt' }),
      guest.refusal('fs.open', { path: '/data/a.txt', read: true, write: true }),
      guest.refusal('fs.mkdir', { path: '/data/x' }),
      guest.refusal('fs.utimes', { path: '/data', modifiedMs: 1 }),
    ]) {
      expect(refused).toMatchObject({
        code: 'CAPABILITY_DENIED',
        message: expect.stringContaining('the isolation level keeps granted files read-only'),
        hint: 'Use the scratch folder /tmp instead; do not retry',
      });
    }
    const at = guest.call('fs.open', { path: '/data', directory: true }).value.handle;
    expect(guest.refusal('fs.futimes', { handle: at, modifiedMs: 1 }).code).toBe('CAPABILITY_DENIED');
    guest.call('fs.writeFile', { path: '/tmp/x' }, 'x');
    expect(guest.session.mounts?.[0]).toEqual({ path: '/data', write: false, delete: false });
    expect(readdirSync(join(root, 'data')).sort()).toEqual(['a.txt', 'b.exe', 'sub']);
  });

  test('noHostFiles opens no host folder and leaves the scratch folder', () => {
    let opened = 0;
    const backend = createNodeBackend({ cwd: root });
    using guest = openGuest({
      backend: {
        ...backend,
        open: (host) => {
          opened += 1;
          return backend.open(host);
        },
      },
      grant: [data()],
      level: { noHostFiles: true },
    });
    for (const path of ['/data/a.txt', '/data/none']) {
      expect(guest.refusal('fs.readFile', { path })).toMatchObject({
        code: 'CAPABILITY_DENIED',
        message: `Cannot read "${path}": the isolation level gives no host files`,
      });
    }
    guest.call('fs.writeFile', { path: '/tmp/x' }, 'x');
    expect(guest.session.mounts).toEqual([{ path: '/tmp', write: true, delete: true, scratch: true }]);
    expect(opened).toBe(0);
  });
});

describe('fs writes', () => {
  test('keep the permissions of the old file and take set-user-id off', async () => {
    const { chmodSync } = await import('node:fs');
    using guest = on(data());
    chmodSync(join(root, 'data/a.txt'), 0o4750);
    guest.call('fs.writeFile', { path: '/data/a.txt' }, 'x');
    expect(statSync(join(root, 'data/a.txt')).mode & 0o7777).toBe(0o750);
    guest.call('fs.writeFile', { path: '/data/new' }, 'x');
    guest.call('fs.mkdir', { path: '/data/folder' });
    expect(statSync(join(root, 'data/new')).mode & 0o7133).toBe(0);
    expect(statSync(join(root, 'data/folder')).mode & 0o7022).toBe(0);
  });

  test('close() closes every descriptor', () => {
    const count = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const before = count();
    const guest = on(data(), { host: 'out', guest: '/out' });
    for (let index = 0; index < 20; index++) guest.call('fs.open', { path: '/data/a.txt', read: true });
    guest.call('fs.open', { path: '/data/sub', directory: true });
    for (const path of ['/data/none', '/data/sub/none', '/data/sub/../sub/none/x', '/data/a.txt/x']) {
      guest.refusal('fs.readFile', { path });
      guest.refusal('fs.open', { path, read: true });
    }
    guest[Symbol.dispose]();
    expect(count()).toBe(before);
  });
});

describe('fs arguments', () => {
  test.each([
    ['fs.readFile', {}, '"path" must be a string'],
    ['fs.readFile', { path: 1 }, '"path" must be a string'],
    ['fs.readFile', { path: '/data', at: -1 }, '"at" must be a whole number from 0'],
    ['fs.readFile', { path: '/data', nofollow: true }, 'unknown argument "nofollow"'],
    ['fs.open', { path: '/data', write: 1 }, '"write" must be true or false'],
    ['fs.read', { handle: 1, offset: 0.5, length: 1 }, '"offset" must be a whole number from 0'],
    ['fs.read', { handle: 1, offset: 0, length: 2 ** 60 }, '"length" must be a whole number from 0'],
    ['fs.remove', { path: '/data', kind: 'link' }, '"kind" must be "file" or "directory"'],
    ['fs.utimes', { path: '/data', modifiedMs: 1e20 }, '"modifiedMs" must be a time in ms'],
    ['fs.rename', { path: '/data' }, '"to" must be a string'],
  ] as const)('%s %j is refused', (operation, args, reason) => {
    using guest = openGuest({});
    expect(guest.refusal(operation, args as never)).toMatchObject({
      code: 'INPUT_INVALID',
      message: `Cannot call ${operation}: ${reason}`,
    });
  });

  test('an unknown operation is UNSUPPORTED, also one that objects inherit', () => {
    using guest = openGuest({});
    for (const operation of ['fs.chmod', 'constructor', '__proto__']) {
      expect(guest.refusal(operation as never, {} as never).code).toBe('UNSUPPORTED');
    }
  });
});

describe('fs narrow()', () => {
  const host = () => createNodeFs({ backend: createNodeBackend({ cwd: root }) });
  const narrow = (asked: readonly FsGrant[], ceiling: readonly FsGrant[] | undefined): FsPart | undefined =>
    host().narrow?.(
      parseFsGrants(asked as never, 'grant.fs'),
      ceiling === undefined ? undefined : parseFsGrants(ceiling as never, 'policy.fs'),
    );

  test('gives what is asked within a folder of the ceiling, with its rules', () => {
    expect(
      narrow(
        [{ host: 'data/sub', guest: '/s', access: ['read', 'write'], maxCalls: 9, maxWriteBytes: 7 }],
        [
          { host: 'out', access: ['read', 'write'] },
          {
            host: '.',
            access: ['read', 'write'],
            delete: false,
            deny: ['data/sub/private/**', '**/*.key'],
            maxCalls: 5,
            maxReadBytes: 3,
            maxWriteBytes: 9,
          },
        ],
      ),
    ).toMatchObject([
      {
        where: 'grant.fs[0]',
        host: join(root, 'data/sub'),
        guest: ['s'],
        access: new Set(['read', 'write']),
        deny: { patterns: ['private/**', '**/*.key'] },
        largestRead: Number.POSITIVE_INFINITY,
        largestWritten: 10 * 1024 * 1024,
        maxOpenFiles: 64,
        maxCalls: 5,
        maxBytes: Number.POSITIVE_INFINITY,
        maxReadBytes: 3,
        maxWriteBytes: 7,
      },
    ]);
    expect(narrow([{ host: './data' }], [{ host: 'data', extensions: ['.txt'] }])).toMatchObject([
      { host: join(root, 'data'), guest: ['data'], access: new Set(['read']), extensions: ['.txt'] },
    ]);
    expect(narrow([], undefined)).toEqual([]);
  });

  test.each([
    ['no ceiling', [{ host: 'data' }], undefined],
    ['another folder', [{ host: 'data' }], [{ host: 'out' }]],
    ['a folder above', [{ host: '.' }], [{ host: 'data' }]],
    ['a folder beside by ..', [{ host: 'data/../out' }], [{ host: 'data' }]],
    ['a folder that only begins alike', [{ host: 'data2' }], [{ host: 'data' }]],
    ['a missing folder outside', [{ host: 'out/none' }], [{ host: 'data' }]],
    ['a missing folder of a denied one', [{ host: 'data/sub/none' }], [{ host: 'data', deny: ['sub'] }]],
    ['a missing folder with more access', [{ host: 'data/none', access: ['write'] }], [{ host: 'data' }]],
    ['more access', [{ host: 'data', access: ['write'] }], [{ host: 'data' }]],
    [
      'delete by name',
      [{ host: 'data', access: ['write', 'delete'] }],
      [{ host: 'data', access: ['write'], delete: false }],
    ],
    ['a denied folder', [{ host: 'data/sub' }], [{ host: 'data', deny: ['sub/**'] }]],
    ['other endings', [{ host: 'data', extensions: ['.exe'] }], [{ host: 'data', extensions: ['.txt'] }]],
  ] as const)('refuses %s', (_, asked, ceiling) => {
    mkdirSync(join(root, 'data2'), { recursive: true });
    expect(() => narrow(asked, ceiling)).toThrow('Cannot grant fs[0]: the policy does not cover this folder');
  });

  test('tells what is not there from what is not covered, within the policy and nowhere else', async () => {
    const { symlinkSync } = await import('node:fs');
    const refused = (host: string) => () => narrow([{ host }], [{ host: 'data' }]);
    expect(refused('data/none')).toThrow('there is no such folder or file');
    expect(refused('data/none/deeper')).toThrow('there is no such folder or file');
    // What a link leads to is outside, whether it is there or not.
    symlinkSync('../gone', join(root, 'data/dangling'));
    expect(refused('data/dangling')).toThrow('the policy does not cover');
    expect(refused('data/dangling/x')).toThrow('the policy does not cover');
    expect(refused('data/../none')).toThrow('the policy does not cover');
  });

  test.each([
    [['write'], ['read'], ['fs.write', 'fs.delete']],
    [['read', 'write'], ['read'], ['fs.write', 'fs.delete']],
    [
      ['read', 'delete'],
      ['read', 'write'],
      ['fs.read', 'fs.delete'],
    ],
  ] as const)('a refusal lists what lacks: %j under %j', (asked, allowed, missing) => {
    const deny = allowed.length === 2 ? ['**'] : [];
    const refused = () =>
      narrow([{ host: 'data/sub', access: [...asked] }], [{ host: 'data', access: [...allowed], deny }]);
    expect(refused).toThrow(
      expect.objectContaining({ details: { capability: 'fs', requested: 'fs[0]', missing } }),
    );
  });

  test('follows links before it compares', async () => {
    const { symlinkSync } = await import('node:fs');
    symlinkSync('../out', join(root, 'data/out'));
    expect(() => narrow([{ host: 'data/out' }], [{ host: 'data' }])).toThrow('Cannot grant fs[0]');
  });
});

test('bytes that a guest sends are counted as egress, bytes it reads as ingress', () => {
  using guest = on(data());
  expect(guest.call('fs.append', { path: '/data/x' }, encode('abc'))).toMatchObject({
    egressBytes: 3,
    ingressBytes: 0,
  });
  expect(guest.call('fs.readFile', { path: '/data/x' })).toMatchObject({ egressBytes: 0, ingressBytes: 3 });
});
