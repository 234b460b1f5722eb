import { afterAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../runtime/contracts/engine.ts';
import type { ComponentData } from '../../runtime/engines/component/component-data.ts';
import type { CoreItem, HostFunction, LinkPlan } from '../../runtime/engines/component/linking/link-plan.ts';
import type { WitType } from '../../runtime/engines/component/types/wit-type.ts';
import { createNodeComponentEngine } from '../../runtime/platform/component/component-engine.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { sha256Hex } from '../../runtime/vocabulary/sha256.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { wat } from '../guests/component/build.ts';
import { runComponent } from '../guests/component/run-component.ts';

/** One function that calls what it imports, a memory, and an allocator. */
const CORE = instrument(
  await coreOf(`(module (import "h" "call" (func $call (param i32) (result i32)))
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "go") (param i32) (result i32) (call $call (local.get 0))))`),
  { maxMemoryPages: 16 },
);

async function coreOf(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await wat(`(component (core ${text.slice(1)})`);
  const start = bytes.findIndex(
    (_, at) => at > 8 && Buffer.from(bytes.subarray(at, at + 4)).equals(Buffer.from('\0asm')),
  );
  return bytes.slice(start);
}

const u32: WitType = { kind: 'u32' };
const item: CoreItem = { kind: 'export', instance: 1, name: 'go' };
const host = (more: Partial<HostFunction>): HostFunction => ({
  kind: 'host',
  interface: 'sandglass:host/log@0.1.0',
  function: 'write',
  type: { params: [{ name: 'a', type: u32 }], result: u32 },
  options: { encoding: 'utf-8' },
  ...more,
});
const plan = (imported: HostFunction, more: Partial<LinkPlan> = {}): LinkPlan => ({
  imports: [imported],
  instances: [
    { kind: 'parts', parts: [['call', { kind: 'import', place: 0 }]] },
    { kind: 'module', module: 0, args: [['h', 0]] },
  ],
  exports: [
    {
      function: 'invoke',
      type: { params: [{ name: 'a', type: u32 }], result: u32 },
      core: item,
      options: { encoding: 'utf-8' },
    },
  ],
  ...more,
});

/** Runs plans that somebody has written by hand; no binary makes such plans. */
const planEngine: Engine = {
  ...createNodeComponentEngine(),
  name: 'plan',
  languages: ['plan'],
  prepare: async (source) => {
    const text = source.kind === 'script' ? source.code : '{}';
    const written: LinkPlan = JSON.parse(text);
    const data: ComponentData = {
      hash: await sha256Hex(new TextEncoder().encode(text)),
      mode: 'jspi',
      glue: '',
      links: { plan: written, waiting: [] },
      imports: ['sandglass:host/log@0.1.0', 'wasi:io/poll@0.2.0', 'wasi:random/random@0.2.0'],
      exports: [
        { name: 'invoke', function: 'invoke', type: { params: [{ name: 'a', type: u32 }], result: u32 } },
      ],
      tool: true,
    };
    return {
      engine: 'component',
      data,
      modules: { core0: { module: await WebAssembly.compile(CORE), bytes: CORE } },
    };
  },
};

describe('plans that were tampered with', () => {
  const runtime = createRuntimeOn(
    { ...nodePlatform, engines: [planEngine], hostFunctions: [] },
    { level: 'standard', cache: false, onError: () => undefined, cells: { maxCells: 1, warm: 0 } },
  );
  afterAll(async () => runtime.close());
  const run = (written: LinkPlan) => runtime.run({ language: 'plan', code: JSON.stringify(written) });
  const GOOD = plan(
    host({
      interface: 'wasi:random/random@0.2.0',
      function: 'get-random-u64',
      type: { params: [{ name: 'a', type: u32 }], result: u32 },
    }),
  );

  test.each<[string, LinkPlan]>([
    ['a function of every object', plan(host({ function: 'constructor' }))],
    ['a name of prototypes', plan(host({ function: '__proto__' }))],
    ['a method of a number', plan(host({ function: '[method]x.constructor' }))],
    ['a static of a class that is not there', plan(host({ function: '[static]function.constructor' }))],
    ['a constructor of every object', plan(host({ function: '[constructor]constructor' }))],
    [
      'a class of the host, called as a function',
      plan(host({ interface: 'wasi:io/poll@0.2.0', function: 'pollable' })),
    ],
    [
      'an interface that was not asked for',
      plan(host({ interface: 'wasi:cli/exit@0.2.0', function: 'exit' })),
    ],
    ['an interface that every object has', plan(host({ interface: 'constructor', function: 'constructor' }))],
    ['what the linker itself uses', plan(host({ interface: 'sandglass:glue', function: 'decode' }))],
    [
      'an instance after its own',
      plan(host({}), { instances: [{ kind: 'module', module: 0, args: [['h', 9]] }] }),
    ],
    ['a module that is not there', plan(host({}), { instances: [{ kind: 'module', module: 9, args: [] }] })],
    ['an import that is not there', plan(host({}), { imports: [] })],
    [
      'an item of an unknown kind',
      plan(host({}), { instances: [{ kind: 'parts', parts: [['call', { kind: 'unknown' }]] }] }),
    ],
  ])('end with an error, and the worker serves the next: %s', async (_, written) => {
    const outcome = await run(written);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok)
      expect(['GUEST_TRAPPED', 'GUEST_THREW', 'INTERNAL', 'INPUT_INVALID']).toContain(outcome.error.code);
    expect(JSON.stringify(outcome)).not.toContain(import.meta.dirname);
    expect(await run(GOOD)).toMatchObject({ ok: true, usage: { coldStart: false } });
  });
});

describe('what traps by the Canonical ABI', () => {
  /** A guest whose `f` answers a pointer at which its data stands. */
  const answering = (
    result: string,
    pointer: number,
    data: string,
    at = pointer,
  ): Promise<Uint8Array<ArrayBuffer>> =>
    wat(`(component
      (core module $m (memory (export "mem") 1) (data (i32.const ${at}) "${data}")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 512))
        (func (export "f") (result i32) (i32.const ${pointer})))
      (core instance $i (instantiate $m))
      (func (export "go") (result ${result})
        (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))`);

  test.each([
    ['a pointer that is not aligned', 'string', 6, '', 8],
    ['a pointer out of the memory', 'string', 65_532, '', 8],
    ['a negative pointer', 'string', -8, '', 8],
    ['text out of the memory', 'string', 8, '\\f0\\ff\\00\\00\\20\\00\\00\\00', 8],
    ['text that is not UTF-8', 'string', 8, '\\10\\00\\00\\00\\01\\00\\00\\00\\ff', 8],
    ['a list that is not aligned', '(list u32)', 8, '\\11\\00\\00\\00\\01\\00\\00\\00', 8],
    ['a list out of the memory', '(list string)', 8, '\\f8\\ff\\00\\00\\02\\00\\00\\00', 8],
    ['a case that is not there', '(tuple (option u64) u64)', 8, '\\02', 8],
    ['half of a surrogate pair', '(tuple char u64)', 8, '\\00\\d8\\00\\00', 8],
    ['a code past Unicode', '(tuple char u64)', 8, '\\00\\00\\11\\00', 8],
  ])('%s', async (_, result, pointer, data, at) => {
    for (const mode of ['jspi', 'sync'] as const) {
      const run = await runComponent(await answering(result, pointer, data, at), { invoke: 'go' }, { mode });
      expect(run.result.kind).toBe('trapped');
    }
  });

  test.each([
    ['out of the memory', '(i32.const 65536)'],
    ['not aligned', '(i32.const 3)'],
    ['negative', '(i32.const -4)'],
  ])('room that is %s', async (_, room) => {
    const bytes = await wat(`(component
      (core module $m (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${room})
        (func (export "f") (param i32 i32)))
      (core instance $i (instantiate $m))
      (func (export "go") (param "a" (list u32))
        (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))`);
    const { result } = await runComponent(bytes, { invoke: 'go', args: [[1, 2]] });
    expect(result.kind).toBe('trapped');
  });

  test('a number that is no handle, of whatever resource, given away twice', async () => {
    const guest = (body: string): Promise<Uint8Array<ArrayBuffer>> =>
      wat(`(component
        (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))
          (export "[method]pollable.ready" (func (param "self" (borrow 0)) (result bool)))))
        (alias export $poll "pollable" (type $p))
        (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (alias outer 1 $p (type $o))
          (export "pollable" (type $q (eq $o)))
          (export "subscribe-duration" (func (param "when" u64) (result (own $q))))))
        (alias export $poll "[method]pollable.ready" (func $ready))
        (alias export $clock "subscribe-duration" (func $sub))
        (core func $drop (canon resource.drop $p)) (core func $ready (canon lower (func $ready))) (core func $sub (canon lower (func $sub)))
        (core module $m (import "h" "drop" (func $drop (param i32))) (import "h" "ready" (func $ready (param i32) (result i32)))
          (import "h" "sub" (func $sub (param i64) (result i32)))
          (func (export "f") (local $h i32) ${body}))
        (core instance $i (instantiate $m (with "h" (instance (export "drop" (func $drop)) (export "ready" (func $ready)) (export "sub" (func $sub))))))
        (func (export "go") (canon lift (core func $i "f"))))`);
    const fine =
      '(local.set $h (call $sub (i64.const 0))) (drop (call $ready (local.get $h))) (call $drop (local.get $h))';
    expect((await runComponent(await guest(fine), { invoke: 'go' })).result.kind).toBe('value');
    for (const body of [
      '(drop (call $ready (i32.const 0)))',
      '(drop (call $ready (i32.const 1)))',
      '(drop (call $ready (i32.const -1)))',
      `${fine} (call $drop (local.get $h))`,
      `${fine} (drop (call $ready (local.get $h)))`,
    ])
      expect((await runComponent(await guest(body), { invoke: 'go' })).result.kind).toBe('trapped');
  });
});
