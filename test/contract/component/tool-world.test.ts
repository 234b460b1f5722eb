import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import { probeGuest, wat } from '../../guests/component/build.ts';
import { runComponent } from '../../guests/component/run-component.ts';
import { verifies } from '../../support/verifies.ts';

verifies('EX-07');

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each(['jspi', 'sync'] as const)('the world tool (%s)', (mode) => {
  const run = async (
    input: JsonValue,
    operations: NonNullable<Parameters<typeof runComponent>[2]>['operations'] = {},
    spec: Parameters<typeof runComponent>[1] = {},
  ) => runComponent(await probeGuest(), { args: [input], ...spec }, { mode, operations });
  const fs = (call: string, ...args: JsonValue[]): JsonValue => ({ step: 'fs', call, args });

  test('a run without a name calls invoke with its first argument, or else its inputs', async () => {
    expect((await run({ step: 'echo', text: 'é', list: [1, null] })).result).toMatchObject({
      kind: 'value',
      value: { text: 'é', list: [1, null] },
    });
    const { result } = await run({}, {}, { args: [], inputs: { step: 'echo', from: 'inputs' } });
    expect(result).toMatchObject({ kind: 'value', value: { from: 'inputs' } });
  });

  test('describe is an export like any other', async () => {
    const { result } = await run({}, {}, { invoke: 'describe', args: [] });
    expect(result).toMatchObject({ kind: 'value', value: '{"name":"probe"}' });
  });

  test('log writes one line on stderr', async () => {
    const { host } = await run({ step: 'log', text: 'hello', times: 2 });
    expect(host.stderr()).toBe('info: hello\ninfo: hello\n');
    expect(host.stdout()).toBe('');
  });

  const stat = {
    type: 'file',
    size: 12,
    accessedMs: 1,
    modifiedMs: 2.5,
    changedMs: 3,
    links: 1,
    device: '1',
    inode: '2',
  };

  test.each<[JsonValue, string, JsonValue, { value?: JsonValue; bytes?: Uint8Array }, JsonValue]>([
    [fs('read', '/a'), 'fs.readFile', { path: '/a' }, { bytes: bytesOf('ab') }, [97, 98]],
    [fs('readText', 'a/b'), 'fs.readFile', { path: '/desk/a/b' }, { bytes: bytesOf('äß') }, 'äß'],
    [fs('write', '/a', [1, 2]), 'fs.writeFile', { path: '/a' }, { value: { written: 2 } }, null],
    [fs('writeText', '/a', 'x'), 'fs.writeFile', { path: '/a' }, { value: { written: 1 } }, null],
    [fs('append', '/a', [1]), 'fs.append', { path: '/a' }, { value: { written: 1 } }, null],
    [fs('mkdir', '/a/b'), 'fs.mkdir', { path: '/a/b', recursive: true }, {}, null],
    [fs('remove', '/a'), 'fs.remove', { path: '/a' }, {}, null],
    [fs('rename', '/a', 'b'), 'fs.rename', { path: '/a', to: '/desk/b' }, {}, null],
    [
      fs('statPath', '/a'),
      'fs.stat',
      { path: '/a' },
      { value: stat },
      { kind: 'file', size: 12, modified: 2.5 },
    ],
    [
      fs('list', '/'),
      'fs.list',
      { path: '/' },
      { value: [{ name: 'a', type: 'directory', inode: '1' }] },
      [{ name: 'a', kind: 'directory' }],
    ],
  ])('%j becomes %s', async (input, operation, args, reply, value) => {
    const { result, host } = await run(input, { [operation]: () => reply }, { cwd: '/desk' });
    expect(result).toMatchObject({ kind: 'value', value });
    expect(host.calls).toEqual([{ operation, args }]);
  });

  test('read-range opens, reads once, and closes', async () => {
    const operations = {
      'fs.open': () => ({ value: { handle: 5, stat } }),
      'fs.read': () => ({ bytes: bytesOf('cd') }),
      'fs.close': () => ({}),
    };
    const { result, host } = await run(fs('readRange', '/a', 2, 2), operations);
    expect(result).toMatchObject({ kind: 'value', value: [99, 100] });
    expect(host.calls).toEqual([
      { operation: 'fs.open', args: { path: '/a', read: true } },
      { operation: 'fs.read', args: { handle: 5, offset: 2, length: 2 } },
      { operation: 'fs.close', args: { handle: 5 } },
    ]);
  });

  test('read-range of more than one host call may carry is refused without a call', async () => {
    const { result, host } = await run(fs('readRange', '/a', 0, 9_000_000));
    expect(result).toMatchObject({
      kind: 'threw',
      payload: { code: 'INPUT_INVALID', message: 'Cannot read "/a": 9000000 bytes are over 8388608' },
    });
    expect(host.calls).toEqual([]);
  });

  test.each([-1, 0.5, 2 ** 53])('read-range from %d is refused without a call', async (offset) => {
    const { result, host } = await run(fs('readRange', '/a', offset, 1));
    expect(result).toMatchObject({
      kind: 'threw',
      payload: {
        code: 'INPUT_INVALID',
        message: `Cannot read "/a": offset ${offset} is not a place in a file`,
      },
    });
    expect(host.calls).toEqual([]);
  });

  test('read-text refuses what is not UTF-8', async () => {
    const { result } = await run(fs('readText', '/a'), {
      'fs.readFile': () => ({ bytes: Uint8Array.of(0xff) }),
    });
    expect(result).toMatchObject({
      kind: 'threw',
      payload: { code: 'INPUT_INVALID', message: 'Cannot read "/a" as text: it is not UTF-8', refusal: 0 },
    });
  });

  test('fetch sends method, headers and body, and answers the whole response', async () => {
    let sent: Uint8Array | undefined;
    const head = {
      status: 201,
      statusText: 'Created',
      url: 'https://a.example/x',
      redirected: false,
      headers: [['x-y', 'z']],
    };
    const request = {
      method: 'POST',
      url: 'https://a.example/',
      headers: [['content-type', 'text/plain']],
      body: [104, 105],
      timeoutMs: 100,
    };
    const { result, host } = await run(
      { step: 'fetch', request },
      {
        'http.request': (_, bytes) => {
          sent = bytes;
          return { value: head, bytes: bytesOf('ok') };
        },
      },
    );
    expect(result).toMatchObject({
      kind: 'value',
      value: { status: 201, url: 'https://a.example/x', headers: [['x-y', 'z']], body: [111, 107] },
    });
    const { body: _, ...args } = request;
    expect(host.calls).toEqual([{ operation: 'http.request', args }]);
    expect(sent).toEqual(bytesOf('hi'));
  });

  test('a refusal keeps its code, message, hint and number on its way through the guest', async () => {
    const denied = new SandglassError('CAPABILITY_DENIED', 'Cannot read "/a": no grant', {
      hint: 'Grant it',
    });
    const { result } = await run(fs('read', '/a'), {
      'fs.readFile': () => {
        throw denied;
      },
    });
    expect(result).toMatchObject({
      kind: 'threw',
      refusalId: 1,
      error: { message: 'Cannot read "/a": no grant' },
      payload: {
        code: 'CAPABILITY_DENIED',
        message: 'Cannot read "/a": no grant',
        hint: 'Grant it',
        refusal: 1,
      },
    });
  });
});

test('an answer that is not JSON is OUTPUT_INVALID', async () => {
  const text = 'not JSON';
  const bytes = await wat(`(component
    (type $e (record (field "code" string) (field "message" string) (field "hint" (option string)) (field "refusal" u32)))
    (import "sandglass:host/types@0.1.0" (instance $types
      (type $error' (record (field "code" string) (field "message" string) (field "hint" (option string)) (field "refusal" u32)))
      (export "host-error" (type (eq $error')))))
    (alias export $types "host-error" (type $error))
    (core module $m (memory (export "mem") 1) (data (i32.const 64) "${text}")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "describe") (result i32)
        (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const ${text.length})) (i32.const 0))
      (func (export "invoke") (param i32 i32) (result i32)
        (i32.store (i32.const 4) (i32.const 64)) (i32.store (i32.const 8) (i32.const ${text.length})) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "describe") (result string) (canon lift (core func $i "describe") (memory (core memory $i "mem"))))
    (func (export "invoke") (param "input" string) (result (result string (error $error)))
      (canon lift (core func $i "invoke") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))`);
  const { result } = await runComponent(bytes, { args: [{}] });
  expect(result).toMatchObject({ kind: 'invalid', code: 'OUTPUT_INVALID' });
});
