import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import type { HostReply, HostService } from '../../runtime/contracts/host-function.ts';
import { openGuest } from '../support/fs-harness.ts';

let host = '';
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'sandglass-turns-'));
});
afterEach(() => rmSync(host, { recursive: true, force: true }));

const open = (more: object = {}) =>
  openGuest({
    backend: createNodeBackend(),
    grant: [{ host, guest: '/data', access: ['read', 'write'], ...more }],
    hostCallBytes: 4 * 1024 * 1024,
  });
const ask = (
  session: HostService,
  operation: string,
  args: object,
  { bytes, atOnce = false }: { bytes?: Uint8Array; atOnce?: boolean } = {},
): HostReply | Promise<HostReply> =>
  session.call(operation, {
    args: args as never,
    bytes,
    signal: new AbortController().signal,
    ...(atOnce ? { atOnce } : {}),
  });
const fill = (folder: string, count: number): void => {
  mkdirSync(join(host, folder));
  for (let index = 0; index < count; index += 1) writeFileSync(join(host, folder, `f${index}`), '');
};

describe('what takes a disk long gives other work its turn', () => {
  test('removing, and moving a folder whose entries are looked at', async () => {
    fill('moved', 1_200);
    fill('removed', 1_200);
    mkdirSync(join(host, 'deep'));
    using guest = open({ deny: ['secret'] });
    for (const [operation, args] of [
      ['fs.rename', { path: '/data/moved', to: '/data/deep/moved' }],
      ['fs.remove', { path: '/data/removed', recursive: true }],
    ] as const) {
      const order: string[] = [];
      setTimeout(() => order.push('timer'), 0);
      const reply = ask(guest.session, operation, args);
      expect(reply).toBeInstanceOf(Promise);
      await reply;
      order.push('done');
      expect(order).toEqual(['timer', 'done']);
    }
    expect(readdirSync(host)).toEqual(['deep']);
    expect(readdirSync(join(host, 'deep/moved'))).toHaveLength(1_200);
  });

  test('syncing, whole files, and large pieces', async () => {
    using guest = open();
    const bytes = new Uint8Array(1024 * 1024).fill(7);
    const { handle } = guest.call('fs.open', {
      path: '/data/f',
      create: true,
      write: true,
      read: true,
    }).value;
    for (const [operation, args, given] of [
      ['fs.write', { handle }, bytes],
      ['fs.sync', { handle }, undefined],
      ['fs.read', { handle, offset: 0, length: bytes.length }, undefined],
      ['fs.writeFile', { path: '/data/g' }, bytes.slice()],
      ['fs.append', { path: '/data/g' }, bytes.slice()],
      ['fs.readFile', { path: '/data/g' }, undefined],
    ] as const) {
      const reply = ask(guest.session, operation, args, given === undefined ? {} : { bytes: given.slice() });
      expect(reply, operation).toBeInstanceOf(Promise);
      const answer = await reply;
      if (operation === 'fs.readFile') expect(answer.bytes).toEqual(new Uint8Array(2 * bytes.length).fill(7));
      if (operation === 'fs.read') expect(answer.bytes).toEqual(bytes);
    }
    expect(readFileSync(join(host, 'f'))).toHaveLength(bytes.length);
    expect(readdirSync(host).sort()).toEqual(['f', 'g']);
  });

  test('later calls of the run wait for it, and see what it did', async () => {
    using guest = open();
    const bytes = new Uint8Array(1024 * 1024).fill(1);
    const { handle } = guest.call('fs.open', { path: '/data/f', create: true, write: true }).value;
    const writes = [1, 2, 3].map((value) =>
      ask(guest.session, 'fs.write', { handle }, { bytes: bytes.slice().fill(value) }),
    );
    const small = ask(guest.session, 'fs.write', { handle }, { bytes: new Uint8Array([9]) });
    const stat = ask(guest.session, 'fs.fstat', { handle });
    const closed = ask(guest.session, 'fs.close', { handle });
    await Promise.all([...writes, small, closed]);
    expect((await stat).value).toMatchObject({ size: 3 * bytes.length + 1 });
    const written = readFileSync(join(host, 'f'));
    expect([0, 1, 2, 3].map((at) => written[at * bytes.length])).toEqual([1, 2, 3, 9]);
  });

  test('nothing is put into a folder between the look at it and its move', async () => {
    mkdirSync(join(host, 'a/b'), { recursive: true });
    fill('a/b/many', 1_200);
    using guest = open();
    const moved = ask(guest.session, 'fs.rename', { path: '/data/a/b/many', to: '/data/many' });
    const planted = ask(guest.session, 'fs.symlink', { path: '/data/a/b/many/out', target: '../../../x' });
    await moved;
    await expect(planted).rejects.toMatchObject({ details: { reason: 'not-found' } });
    expect(readdirSync(join(host, 'many'))).toHaveLength(1_200);
  });
});

describe('a guest that cannot wait', () => {
  test('has small work done at once', () => {
    fill('few', 300);
    using guest = open();
    expect(ask(guest.session, 'fs.remove', { path: '/data/few', recursive: true }, { atOnce: true })).toEqual(
      {
        value: null,
      },
    );
    expect(readdirSync(host)).toEqual([]);
  });

  test('is refused large work before any of it is done', () => {
    fill('many', 1_200);
    using guest = open();
    expect(() =>
      ask(guest.session, 'fs.remove', { path: '/data/many', recursive: true }, { atOnce: true }),
    ).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(readdirSync(join(host, 'many'))).toHaveLength(1_200);
  });

  test('changes nothing while something longer is under way', async () => {
    fill('many', 1_200);
    using guest = open();
    const removing = ask(guest.session, 'fs.remove', { path: '/data/many', recursive: true });
    expect(() =>
      ask(
        guest.session,
        'fs.writeFile',
        { path: '/data/many/x' },
        { bytes: new Uint8Array(1), atOnce: true },
      ),
    ).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(ask(guest.session, 'fs.stat', { path: '/data' }, { atOnce: true })).toMatchObject({
      value: { type: 'directory' },
    });
    await removing;
    expect(readdirSync(host)).toEqual([]);
  });
});

describe('a run that ends', () => {
  test('is waited for by what another thread still does, and leaves the rest undone', async () => {
    fill('many', 5_000);
    symlinkSync('nowhere', join(host, 'link'));
    const guest = open();
    const wrote = ask(
      guest.session,
      'fs.writeFile',
      { path: '/data/f' },
      { bytes: new Uint8Array(1024 * 1024) },
    );
    const removing = ask(guest.session, 'fs.remove', { path: '/data/many', recursive: true });
    const refused = expect(removing).rejects.toMatchObject({ code: 'CANCELLED' });
    const stopped = expect(wrote).rejects.toMatchObject({ code: 'CANCELLED' });
    await guest.session.close();
    await Promise.all([refused, stopped]);
    expect(readdirSync(join(host, 'many'))).toHaveLength(5_000);
    expect(readdirSync(host).sort()).toEqual(['link', 'many']);
  });
});
