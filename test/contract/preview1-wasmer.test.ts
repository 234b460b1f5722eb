import { describe, expect, test } from 'vitest';
import type { GuestResult, RunSpec } from '../../runtime/contracts/engine.ts';
import type { HostReply } from '../../runtime/contracts/host-function.ts';
import { createWasmerEngine } from '../../runtime/engines/preview1/engine.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { prepareGuest, wasm } from '../support/engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from '../support/fake-host.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-37');

const ENOTSUP = 58;
const EROFS = 69;

const run = async (
  name: string,
  spec: Partial<RunSpec>,
  options: FakeHostOptions = {},
): Promise<{ readonly result: GuestResult; readonly host: FakeHost }> => {
  const engine = createWasmerEngine();
  const guest = await prepareGuest(engine, await wasm(await loadGuest(`preview1/${name}`)));
  const host = createFakeHost(options);
  return { result: await engine.execute(guest, runSpec(spec), host), host };
};

const folder = (files: Readonly<Record<string, string>>): NonNullable<FakeHostOptions['operations']> => ({
  'fs.list': ({ path }): HostReply => ({
    value: path === '/data' ? Object.keys(files).map((name) => ({ name, type: 'file', inode: '1' })) : [],
  }),
  'fs.readFile': ({ path }): HostReply => ({
    bytes: new TextEncoder().encode(files[String(path).replace('/data/', '')] ?? ''),
  }),
});

describe('what @wasmer/wasi cannot do is refused, not attempted', () => {
  test('sleep: its poll_oneoff panics', async () => {
    const { result } = await run('sleep.wat', { invoke: 'sleep', args: [1n] });
    expect(result).toMatchObject({ kind: 'value', value: ENOTSUP });
  });

  test('writing: granted folders are copies', async () => {
    const operations = folder({ 'a.txt': 'hello' });
    const mounts = [{ path: '/data', write: true, delete: true }];
    const read = await run('files.wat', { argv: ['a.txt'], mounts }, { operations });
    expect([read.result.kind, read.host.stdout()]).toEqual(['exit', 'hello']);
    const write = await run('files.wat', { argv: ['a.txt', 'changed'], mounts }, { operations });
    expect(write.result).toMatchObject({ kind: 'exit', exitCode: EROFS });
    expect(write.host.calls.map(({ operation }) => operation)).toEqual(['fs.list', 'fs.readFile']);
  });

  test('large folders: a copy of them is not made', async () => {
    const names = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`${index}.txt`, '']));
    const mounts = [{ path: '/data', write: false, delete: false }];
    const { result } = await run(
      'files.wat',
      { argv: ['data/1.txt'], mounts },
      { operations: folder(names) },
    );
    expect(result).toMatchObject({ kind: 'invalid', code: 'UNSUPPORTED' });
  });
});

test('its runs are never inline, and their cell is used once', () => {
  expect(createWasmerEngine()).toMatchObject({ realm: 'exposed', inline: false });
});
