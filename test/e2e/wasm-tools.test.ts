import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { typesGuest, wat } from '../guests/component/build.ts';
import { startCli } from '../support/command-line.ts';

const MANIFEST = {
  name: 'echo_json',
  description: 'Answers what it is given',
  input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  output: { type: 'object', properties: { n: { type: 'integer' } } },
};

/** A binary with a section of its own at its end. */
function withSection(bytes: Uint8Array, name: string, text: string): Uint8Array {
  const encoder = new TextEncoder();
  const leb = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
  const [named, content] = [encoder.encode(name), encoder.encode(text)];
  const body = [...leb(named.length), ...named, ...content];
  return Uint8Array.of(...bytes, 0, ...leb(body.length), ...body);
}

let runtime: Runtime;
let folder: string;
let command: Uint8Array;
let component: Uint8Array;
beforeAll(async () => {
  command = await loadGuest('preview1/echo.wat');
  component = await typesGuest();
  folder = await mkdtemp(join(tmpdir(), 'wasm-tools-'));
  await writeFile(
    join(folder, 'told.wasm'),
    withSection(command, 'sandglass:manifest', JSON.stringify(MANIFEST)),
  );
  await writeFile(join(folder, 'beside.wasm'), command);
  await writeFile(join(folder, 'beside.json'), JSON.stringify({ ...MANIFEST, name: 'beside' }));
  await writeFile(join(folder, 'types.wasm'), component);
  runtime = createRuntime({ limits: { timeoutMs: 300_000 } }); // the machine may be slow
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const cli = (...args: string[]) => startCli(args, { cwd: folder }).ended;

describe('a command of preview 1 as a tool', () => {
  test('takes its arguments as JSON on stdin, and answers what it prints', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 300_000 } });
    own.tools.register(MANIFEST, { module: command });
    expect(await own.tools.call('echo_json', { n: 7 })).toMatchObject({ ok: true, value: { n: 7 } });
    expect(await own.tools.call('echo_json', { m: 7 })).toMatchObject({ error: { code: 'INPUT_INVALID' } });
  });

  test('is known by the manifest in it, through createRuntime({ tools }) and a file beside it', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 300_000 }, tools: { dirs: [folder] } });
    expect(await own.tools.call('echo_json', { n: 1 })).toMatchObject({ ok: true, value: { n: 1 } });
    expect(await own.tools.call('beside', { n: 2 })).toMatchObject({ ok: true, value: { n: 2 } });
    expect(await own.tools.call('add', { a: 2, b: 40 })).toMatchObject({ ok: true, value: 42 });
    const names = (await own.tools.list()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['echo_json', 'beside', 'add']));
  });

  test('without a manifest is refused, and the message says where to put one', () => {
    expect(() => runtime.tools.register(undefined, command)).toThrow(/no manifest/);
  });

  test('is called by the command line', async () => {
    expect(await cli('call', 'told.wasm', '{"n":7}', '--quiet')).toMatchObject({
      code: 0,
      out: expect.stringContaining('"n"'),
    });
    const refused = await cli('call', 'told.wasm', '{"m":7}', '--quiet');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('INPUT_INVALID');
  });
});

describe('a component without a manifest as a tool', () => {
  test('offers each function with the schema of its types', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 300_000 } });
    own.tools.register(undefined, component);
    expect(await own.tools.call('divide', { a: 7, b: 2 })).toMatchObject({ ok: true, value: 3 });
    expect(await own.tools.call('divide', { a: 7 })).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect(await own.tools.call('divide', { a: 7, b: 0 })).toMatchObject({ error: { code: 'GUEST_THREW' } });
  });

  test('is called by the command line, a function of it by --invoke', async () => {
    const ended = await cli('run', 'types.wasm', '--invoke=add', '--args=[2,40]', '--quiet');
    expect([ended.code, ended.out.trim()]).toEqual([0, '42']);
  });
});

/** Functions of a component, the last of which takes a handle for its own. */
const withHandle = (plain: string): string => `(component
  (type $t (resource (rep i32)))
  (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  ${plain}
  (func $take (param "it" (own $t)) (result u32) (canon lift (core func $i "f")))
  (component $shape
    (import "thing" (type $c (sub resource)))
    (import "take" (func $take (param "it" (own $c)) (result u32)))
    (export $e "thing" (type $c))
    (export "take" (func $take) (func (param "it" (own $e)) (result u32))))
  (instance $things (instantiate $shape (with "thing" (type $t)) (with "take" (func $take))))
  (export "test:kept/things" (instance $things)))`;
const SAME = '(func (export "same") (param "n" u32) (result u32) (canon lift (core func $i "f")))';

describe('functions that are no tools', () => {
  test('those with handles are named, and the others are tools', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 300_000 } });
    const mixed = join(folder, 'mixed');
    await mkdir(mixed);
    await writeFile(join(mixed, 'things.wasm'), await wat(withHandle(SAME)));
    const { registered, skipped } = await own.tools.discover({ dirs: [mixed] });
    expect(registered.map(({ name }) => name)).toEqual(['same']);
    expect(skipped).toMatchObject([
      {
        path: 'things.wasm',
        error: { code: 'UNSUPPORTED', details: { functions: ['test:kept/things#take'] } },
      },
    ]);
    const same = await own.tools.call('same', { n: 7 });
    expect(same.ok ? same.value : same.error.message).toBe(7);
    expect(await own.tools.call('take', { it: 1 })).toMatchObject({ error: { code: 'TOOL_NOT_FOUND' } });
  });

  test('register tells of those that it left out', async () => {
    const notices: unknown[] = [];
    await using own = createRuntime({ onNotice: (notice) => notices.push(notice) });
    const registered = own.tools.register(undefined, { module: await wat(withHandle(SAME)) });
    expect(registered.map(({ name }) => name)).toEqual(['same']);
    expect(notices).toEqual([
      { kind: 'tools-refused', message: expect.stringContaining('"test:kept/things#take"') },
    ]);
  });

  test('a component with no others is UNSUPPORTED, and the hint says where handles are kept', async () => {
    const only = await wat(withHandle(''));
    expect(() => runtime.tools.register(undefined, { module: only })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('"test:kept/things#take"'),
        hint: expect.stringContaining('runtime.sessions.open'),
      }),
    );
  });

  test.each(['stream', 'future'])('one that takes a %s is UNSUPPORTED, and named', async (what) => {
    const taking = await wat(`(component
      (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
      (core instance $i (instantiate $m))
      (type $s (${what} u8))
      (type $l (list $s))
      (func (export "read-all") (param "from" $l) (result u32) (canon lift (core func $i "f"))))`);
    const wanted = expect.objectContaining({
      code: 'UNSUPPORTED',
      message: `Cannot read the component: its function "read-all" takes or gives a ${what}`,
    });
    expect(() => runtime.tools.register(undefined, { module: taking })).toThrow(wanted);
    expect(await runtime.run({ module: taking })).toMatchObject({ ok: false, error: wanted });
  });
});
