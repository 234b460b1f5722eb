import { describe, expect, test } from 'vitest';
import { createGuestRun } from '../../runtime/engines/component/component-run.ts';
import { implementImports } from '../../runtime/engines/component/interfaces/implement-imports.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { commandGuest, probeGuest, wat } from '../guests/component/build.ts';
import { runComponent } from '../guests/component/run-component.ts';
import { createFakeHost, runSpec } from '../support/fake-host.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-35');

const HOST_ERROR = `(type $error' (record (field "code" string) (field "message" string) (field "hint" (option string)) (field "refusal" u32)))
    (export "host-error" (type $error (eq $error')))`;

/** A core memory of 16 pages with a bump allocator, whose `realloc` runs `onRealloc` first. */
const MEMORY = (onRealloc = ''): string => `
    (memory (export "mem") 16)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      ${onRealloc}
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8)))))`;

const EXIT =
  '(import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))';

describe('leaving', () => {
  test('exit stands although the guest catches it and goes on for ever', async () => {
    const bytes = await wat(`(component ${EXIT}
      (alias export $exit "exit" (func $e)) (core func $ce (canon lower (func $e)))
      (core module $m (import "h" "exit" (func $exit (param i32)))
        (func (export "f")
          (block $caught (try_table (catch_all $caught) (call $exit (i32.const 0))))
          (loop $l (br $l))))
      (core instance $i (instantiate $m (with "h" (instance (export "exit" (func $ce))))))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' });
    expect(result).toMatchObject({ kind: 'exit', exitCode: 0 });
  });

  test('a status that no result has traps, and the host lives', async () => {
    const bytes = await wat(`(component ${EXIT}
      (alias export $exit "exit" (func $e)) (core func $ce (canon lower (func $e)))
      (core module $m (import "h" "exit" (func $exit (param i32)))
        (func (export "f") (call $exit (i32.const 77))))
      (core instance $i (instantiate $m (with "h" (instance (export "exit" (func $ce))))))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' });
    expect(result.kind).toBe('trapped');
  });
});

/** Its bytes are text themselves, so that memory that holds it is as well. */
const ASCII_LENGTH = 0x0d4030;

describe('arguments that lie', () => {
  /** `fetch` with `count` headers that are all the same text of `length` bytes at address 0. */
  const overlapping = async (count: number, length: number) => {
    const bytes = await wat(`(component
      (import "sandglass:host/types@0.1.0" (instance $types ${HOST_ERROR}))
      (alias export $types "host-error" (type $error))
      (import "sandglass:host/http@0.1.0" (instance $http
        (alias outer 1 $error (type $outer)) (export "host-error" (type $e (eq $outer)))
        (type $request' (record (field "method" string) (field "url" string)
          (field "headers" (list (tuple string string))) (field "body" (option (list u8))) (field "timeout-ms" (option u32))))
        (export "request" (type $request (eq $request')))
        (type $response' (record (field "status" u16) (field "url" string)
          (field "headers" (list (tuple string string))) (field "body" (list u8))))
        (export "response" (type $response (eq $response')))
        (export "fetch" (func (param "request" $request) (result (result $response (error $e)))))))
      (core module $mem ${MEMORY()})
      (core instance $mem (instantiate $mem))
      (alias export $http "fetch" (func $fetch))
      (core func $fetch (canon lower (func $fetch) (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (core module $m
        (import "h" "mem" (memory 1))
        (import "h" "fetch" (func $fetch (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
        (func (export "f") (local $at i32)
          (loop $l
            (i32.store (i32.add (i32.mul (local.get $at) (i32.const 8)) (i32.const 4)) (i32.const ${length}))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $at) (i32.const ${Math.min(count * 2, 60_000)}))))
          (call $fetch (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 0) (i32.const ${count})
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 524288))))
      (core instance $i (instantiate $m (with "h" (instance (export "mem" (memory $mem "mem")) (export "fetch" (func $fetch))))))
      (func (export "go") (canon lift (core func $i "f"))))`);
    return runComponent(bytes, { invoke: 'go' });
  };

  test('a list whose texts all overlap costs no more than the guest has memory', async () => {
    const before = process.memoryUsage().rss;
    const { result, host } = await overlapping(30_000, ASCII_LENGTH);
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
    expect(host.calls).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
  });

  test('a list longer than the memory never becomes an array', async () => {
    const { result, host } = await overlapping(0x7fff_ffff, 1);
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
    expect(host.calls).toEqual([]);
  });

  test('a plain call of the same shape reaches the host as it is', async () => {
    const { host } = await overlapping(2, 0);
    expect(host.calls).toEqual([
      {
        operation: 'http.request',
        args: {
          method: '\0\0\0',
          url: '\0\0\0',
          headers: [
            ['', ''],
            ['', ''],
          ],
        },
      },
    ]);
  });

  test('an answer whose texts all overlap is refused as well', async () => {
    const bytes = await wat(`(component
      (core module $m ${MEMORY()}
        (func (export "f") (result i32) (local $at i32)
          (loop $l
            (i32.store (i32.add (i32.mul (local.get $at) (i32.const 8)) (i32.const 4)) (i32.const ${ASCII_LENGTH}))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $at) (i32.const 60000))))
          (i32.store (i32.const 1000000) (i32.const 0)) (i32.store (i32.const 1000004) (i32.const 60000))
          (i32.const 1000000)))
      (core instance $i (instantiate $m))
      (func (export "go") (result (list string)) (canon lift (core func $i "f") (memory (core memory $i "mem")))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' });
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
  });

  test('more random bytes than a host call may carry are never allocated', async () => {
    const bytes = await wat(`(component
      (import "wasi:random/random@0.2.0" (instance $r (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
      (core module $mem ${MEMORY()}) (core instance $mem (instantiate $mem))
      (alias export $r "get-random-bytes" (func $g))
      (core func $g (canon lower (func $g) (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (core module $m (import "h" "g" (func $g (param i64 i32)))
        (func (export "f") (call $g (i64.const 0x7fffffffffffffff) (i32.const 8))))
      (core instance $i (instantiate $m (with "h" (instance (export "g" (func $g))))))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' });
    expect(result).toMatchObject({
      kind: 'trapped',
      message: 'Cannot make 9223372036854775807 random bytes: over 8388608 at a time',
    });
  });

  test('a handle that the guest never got traps', async () => {
    const bytes = await wat(`(component
      (import "wasi:io/error@0.2.0" (instance $io (export "error" (type (sub resource)))
        (export "[method]error.to-debug-string" (func (param "self" (borrow 0)) (result string)))))
      (core module $mem ${MEMORY()}) (core instance $mem (instantiate $mem))
      (alias export $io "[method]error.to-debug-string" (func $d))
      (core func $d (canon lower (func $d) (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
      (core module $m (import "h" "d" (func $d (param i32 i32)))
        (func (export "f") (param i32) (call $d (local.get 0) (i32.const 8))))
      (core instance $i (instantiate $m (with "h" (instance (export "d" (func $d))))))
      (func (export "go") (param "handle" s32) (canon lift (core func $i "f"))))`);
    for (const handle of [0, 1, 7, -1, 0x7fff_ffff]) {
      const { result } = await runComponent(bytes, { invoke: 'go', args: [handle] });
      expect(result.kind).toBe('trapped');
    }
  });
});

describe('reentrancy', () => {
  test('an import called while the host is writing an answer traps, and nothing reaches the host', async () => {
    const bytes = await wat(`(component ${EXIT}
      (alias export $exit "exit" (func $e)) (core func $ce (canon lower (func $e)))
      (core module $m (import "h" "exit" (func $exit (param i32)))
        ${MEMORY('(call $exit (i32.const 0))')}
        (func (export "f") (param i32 i32)))
      (core instance $i (instantiate $m (with "h" (instance (export "exit" (func $ce))))))
      (func (export "go") (param "text" string) (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))`);
    const { result } = await runComponent(bytes, { invoke: 'go', args: ['hello'] });
    expect(['trapped', 'exit']).toContain(result.kind);
  });

  test('a realloc that answers outside the memory traps', async () => {
    const bytes = await wat(`(component
      (core module $m (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const -8))
        (func (export "f") (param i32 i32)))
      (core instance $i (instantiate $m))
      (func (export "go") (param "text" string) (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))`);
    const { result } = await runComponent(bytes, { invoke: 'go', args: ['hello'] });
    expect(result.kind).toBe('trapped');
  });
});

describe('memory', () => {
  test('several memories are held to the cap together', async () => {
    const grow = `(core module (memory (export "mem") 1)
      (func (export "f") (local $n i32)
        (drop (memory.grow (i32.const 200)))
        (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $l (i32.lt_u (local.get $n) (i32.const 2000000))))))`;
    const bytes = await wat(`(component ${grow} ${grow}
      (core instance $a (instantiate 0)) (core instance $b (instantiate 1))
      (core module $m (import "a" "f" (func $a)) (import "b" "f" (func $b)) (func (export "f") (call $a) (call $b)))
      (core instance $i (instantiate $m (with "a" (instance $a)) (with "b" (instance $b))))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' }, { limits: { memoryBytes: 256 * 65_536 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
    const roomy = await runComponent(bytes, { invoke: 'go' }, { limits: { memoryBytes: 512 * 65_536 } });
    expect(roomy.result).toMatchObject({ kind: 'value', memoryBytes: 402 * 65_536 });
  });

  test('one module instantiated many times pays for every instance', async () => {
    const instances = Array.from({ length: 40 }, () => '(core instance (instantiate $m))').join(' ');
    const bytes = await wat(`(component (core module $m (memory (export "mem") 16)) ${instances}
      (core module $f (func (export "f"))) (core instance $i (instantiate $f))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' }, { limits: { memoryBytes: 128 * 65_536 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
  });

  test('a start function runs under the meter', async () => {
    const bytes = await wat(`(component
      (core module $m (func $s (loop $l (br $l))) (start $s) (func (export "f")))
      (core instance $i (instantiate $m))
      (func (export "go") (canon lift (core func $i "f"))))`);
    const { result } = await runComponent(bytes, { invoke: 'go' }, { limits: { fuel: 5_000_000 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
  });
});

describe('what reaches the host', () => {
  const open = (args: JsonObject): { value: { handle: number; stat: JsonObject } } => ({
    value: {
      handle: args.directory === true ? 1 : 2,
      stat: {
        type: args.directory === true ? 'directory' : 'file',
        size: 0,
        accessedMs: 0,
        modifiedMs: 0,
        changedMs: 0,
        links: 1,
        device: '1',
        inode: '1',
      },
    },
  });
  const mounts = [{ path: '/data', write: false, delete: false }];

  test.each(['../secret', 'a/../../secret', '..', '..\\secret', 'a/./../../b'])(
    'the path %j goes to the host function only below its folder',
    async (path) => {
      const denied = new SandglassError('CAPABILITY_DENIED', 'Cannot leave the folder');
      const { result, host } = await runComponent(
        await commandGuest(),
        { argv: ['read', path], mounts },
        {
          operations: {
            'fs.open': (args) => {
              if (args.at !== undefined) throw denied;
              return open(args);
            },
          },
        },
      );
      expect(result).toMatchObject({ kind: 'exit', exitCode: 0 });
      expect(host.stdout()).toBe('errno 2\n');
      for (const { operation, args } of host.calls.slice(1)) {
        expect({ operation, args }).toMatchObject({ operation: 'fs.open', args: { path, at: 1 } });
      }
    },
  );

  test.each(['/etc/passwd', '/data/../etc/passwd', '//etc/passwd'])(
    'the absolute path %j reaches nothing',
    async (path) => {
      const { host } = await runComponent(
        await commandGuest(),
        { argv: ['read', path], mounts },
        { operations: { 'fs.open': open } },
      );
      expect(host.stdout()).toBe('errno 63\n');
      expect(host.calls.filter(({ args }) => JSON.stringify(args).includes('passwd'))).toEqual([]);
    },
  );

  test('a tool gets bytes only from operations that were answered', async () => {
    const { result, host } = await runComponent(await probeGuest(), {
      args: [{ step: 'fs', call: 'read', args: ['/proc/self/environ'] }],
    });
    expect(result).toMatchObject({ kind: 'threw', refusalId: 1, payload: { code: 'CAPABILITY_DENIED' } });
    expect(host.calls).toEqual([{ operation: 'fs.readFile', args: { path: '/proc/self/environ' } }]);
  });

  test('a number that no refusal had is passed on for the gate to judge, and a text is none', async () => {
    const { result } = await runComponent(await probeGuest(), {
      args: [{ step: 'throw', message: 'Cannot read: denied' }],
    });
    expect(result).not.toHaveProperty('refusalId');
  });
});

test('implementImports() gives bare, frozen objects with the interfaces asked for and no other', () => {
  const run = createGuestRun(createFakeHost(), runSpec(), 'sync', { stop() {}, charge() {}, left() {} });
  const imports = implementImports(run, [
    'wasi:cli/exit@0.2.3',
    'wasi:io/streams@0.2.3',
    'sandglass:host/fs@0.1.0',
  ]);
  expect(Object.keys(imports).sort()).toEqual([
    'sandglass:glue',
    'sandglass:host/fs@0.1.0',
    'wasi:cli/exit@0.2.3',
    'wasi:io/streams@0.2.3',
  ]);
  for (const object of [imports, ...Object.values(imports)]) {
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.isFrozen(object)).toBe(true);
  }
});

test('implementImports() gives the glue a decoder that charges what it decodes and keeps nothing', () => {
  const run = createGuestRun(createFakeHost(), runSpec(), 'sync', { stop() {}, charge() {}, left() {} });
  const glue: unknown = Reflect.get(implementImports(run, []), 'sandglass:glue');
  const { TextDecoder: Decoder } = glue as { readonly TextDecoder: typeof TextDecoder }; // what the glue takes
  expect(new Decoder().decode(Uint8Array.of(0x68, 0x69))).toBe('hi');
  expect(new Decoder('utf-16').decode(Uint16Array.of(0x68, 0x69))).toBe('hi');
  // Half a character, as a stream would hold it back for the next call: there is no stream, and it is not text.
  expect(() => new Decoder().decode(Uint8Array.of(0xc3), { stream: true })).toThrow(TypeError);
  expect(() => new Decoder().decode(Uint8Array.of(0xa4))).toThrow(TypeError);
  expect(new Decoder().decode(Uint8Array.of(0x68))).toBe('h');
  expect(() => new Decoder('utf-8', { fatal: true })).toThrow(TypeError);
  expect(() => new Decoder('latin1')).toThrow(TypeError);
  expect(() => new Decoder().decode(new Uint8Array(runSpec().limits.memoryBytes + 1))).toThrow();
  expect(run.ending()).toMatchObject({ kind: 'limit', limit: 'memory' });
});

test('implementImports() refuses a name of another package, and of no own property', () => {
  const run = createGuestRun(createFakeHost(), runSpec(), 'sync', { stop() {}, charge() {}, left() {} });
  for (const name of ['wasi:nothing/here@0.2.0', 'wasi:io/constructor@0.2.0', 'constructor', '__proto__']) {
    expect(() => implementImports(run, [name])).toThrow(TypeError);
  }
});
