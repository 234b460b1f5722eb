import { describe, expect, test } from 'vitest';
import { createQuickjsEngine } from '../../../runtime/engines/quickjs/engine.ts';
import { logicalStackBytes } from '../../../runtime/engines/quickjs/stack.ts';
import { loadQuickjs, quickjsEngine, runJs } from '../../support/quickjs-for-tests.ts';

const MIB = 1024 * 1024;
const deterministic = { seed: 42, now: 1_700_000_000_000 };

/** Recursion of every kind, through native code and through the parser. */
const RECURSIONS: Readonly<Record<string, string>> = {
  calls: 'const f = (n) => 1 + f(n + 1); f(0)',
  'calls with many arguments': 'const f = (...a) => 1 + f(...a, 1); f(0)',
  getters: 'const o = { get x() { return this.x + 1 } }; o.x',
  proxies: 'let p = {}; for (let i = 0; i < 100000; i++) p = new Proxy(p, {}); p.x',
  'sort callbacks': 'const f = () => [2, 1].sort(() => f()); f()',
  'replace callbacks': 'const f = () => "a".replace(/a/, f); f()',
  'string conversions': 'const o = { toString() { return "" + this } }; "" + o',
  'JSON.stringify': 'let a = []; for (let i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)',
  'Array.prototype.toString': 'let a = []; for (let i = 0; i < 100000; i++) a = [a]; String(a)',
  constructors: 'class A { constructor() { new A() } } new A()',
  'super chains': 'let C = class {}; for (let i = 0; i < 20000; i++) C = class extends C {}; new C()',
  eval: 'const f = () => eval("f()"); f()',
  generators: 'function* g() { yield* g() } [...g()]',
  'async functions': 'const f = async () => { await f() }; f()',
  structuredClone: 'let a = []; for (let i = 0; i < 50000; i++) a = [a]; structuredClone(a)',
  'sandglass.inspect':
    'let a = []; for (let i = 0; i < 50000; i++) a = [a]; sandglass.inspect(a, { depth: Infinity })',
};
const NESTED_TEXTS: Readonly<Record<string, string>> = {
  'JSON.parse': 'JSON.parse("[".repeat(200000))',
  parentheses: 'eval("(".repeat(100000))',
  objects: 'eval("({a:".repeat(100000))',
  blocks: 'eval("{".repeat(100000))',
  'regular expressions': 'new RegExp("(?:".repeat(100000))',
};

describe('limits', () => {
  test.each(Object.entries(RECURSIONS))(
    'endless recursion by %s is STACK_EXCEEDED, and the guest can catch it',
    async (_name, code) => {
      expect((await runJs(code)).result).toMatchObject({
        kind: 'limit',
        limit: 'stack',
        error: { name: 'RangeError' },
      });
      const caught = await runJs(
        `let seen; try { ${code.includes('await') ? `await (async () => { ${code.replace(/; f\(\)$/, '; await f()')} })()` : `(() => { ${code} })()`} } catch (e) { seen = e.message } seen`,
      );
      expect(caught.value).toBe('Maximum call stack size exceeded');
    },
  );

  test.each(Object.entries(NESTED_TEXTS))(
    'a text nested too deeply for %s is an error of the guest',
    async (_name, code) => {
      expect((await runJs(code)).result).toMatchObject({ kind: 'threw' });
      expect(
        (await runJs(`let seen; try { ${code} } catch (e) { seen = e instanceof Error } seen`)).value,
      ).toBe(true);
    },
  );

  test('the logical stack follows what the thread gives', () => {
    expect([512 * 1024, 984 * 1024, 4 * MIB, 16 * MIB].map(logicalStackBytes)).toEqual(
      [32, 32, 128, 512].map((kib) => kib * 1024),
    );
  });

  test('memory: the cap is hard, for many small things and for one large one', async () => {
    for (const code of [
      'const a = []; for (;;) a.push({ x: [1, 2, 3] })',
      'const a = []; for (;;) a.push("x".repeat(1e5) + a.length)',
      'new Uint8Array(200 * 1024 * 1024)',
      'new ArrayBuffer(3 * 2 ** 30)',
      '"x".repeat(2 ** 29)',
      'let s = "x"; for (;;) s = s + s',
      'const a = []; for (let i = 0; ; i++) a.push(() => i)',
    ]) {
      const { result } = await runJs(code, { limits: { memoryBytes: 64 * MIB } });
      expect(['threw', 'limit', 'trapped']).toContain(result.kind);
      expect(result.memoryBytes).toBeLessThanOrEqual(64 * MIB);
      if (result.kind === 'limit') expect(result.limit).toBe('memory');
      // What is longer than the language allows is refused by the language, before any memory is asked for.
      else if (!/2 \*\* 29|2 \*\* 30|s \+ s/.test(code)) expect(result.growthRefused).toBe(true);
    }
    expect(
      (await runJs('new Uint8Array(30 * 1024 * 1024).fill(1).length', { limits: { memoryBytes: 64 * MIB } }))
        .value,
    ).toBe(30 * MIB);
  });

  test('memory under what the engine starts with is INPUT_INVALID and says how much', async () => {
    const { result } = await runJs('1', { limits: { memoryBytes: MIB } });
    expect(result).toMatchObject({
      kind: 'invalid',
      code: 'INPUT_INVALID',
      details: { limit: 'memoryBytes', minimum: expect.any(Number) },
    });
    const minimum = (result as unknown as { details: { minimum: number } }).details.minimum;
    expect(minimum).toBeLessThanOrEqual(10 * MIB);
    expect((await runJs('1', { limits: { memoryBytes: minimum } })).value).toBe(1);
  });

  test('output: writing on after the limit is the end of the run', async () => {
    const { result, stdout } = await runJs(
      'console.log("x".repeat(50)); try { console.log("y".repeat(100)) } catch {} sandglass.write("z"); for (;;);',
      {
        limits: { outputBytes: 100 },
      },
    );
    expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
    expect(stdout).toBe(`${'x'.repeat(50)}\n${'y'.repeat(49)}`);
  });

  test('sandglass.remainingMs() tells the time that is left', async () => {
    expect(
      (await runJs('sandglass.remainingMs()', { host: { deterministic }, limits: { timeoutMs: 5000 } }))
        .value,
    ).toBe(5000);
  });
});

describe('fuel', () => {
  test('the same program burns the same fuel, and twice the work about twice', async () => {
    const burn = async (turns: number): Promise<number> => {
      const { result } = await runJs(`let s = 0; for (let i = 0; i < ${turns}; i++) s += i % 7; s`, {
        host: { deterministic },
      });
      return result.fuel ?? 0;
    };
    const [once, again, twice, none] = [
      await burn(100_000),
      await burn(100_000),
      await burn(200_000),
      await burn(0),
    ];
    expect(again).toBe(once);
    expect((twice - none) / (once - none)).toBeCloseTo(2, 2);
  });

  /** Exact units. They change with QuickJS, with the prelude, and with the fuel schedule: then on purpose. */
  test('is exact', async () => {
    const programs = [
      '1 + 1',
      'let s = 0; for (let i = 0; i < 1000; i++) s += i; s',
      '[3, 1, 2].sort().join()',
      'JSON.parse(JSON.stringify({ a: [1, 2, { b: "c" }] })).a.length',
      'await null; await new Promise((r) => setTimeout(r, 5)); Math.random() < 1',
      '/(a+)+b/.test("aaaaaaaaaa")',
    ];
    const burnt = [];
    for (const code of programs) burnt.push((await runJs(code, { host: { deterministic } })).result.fuel);
    expect(burnt).toMatchInlineSnapshot(`
      [
        76666,
        814650,
        112758,
        169579,
        343992,
        1522074,
      ]
    `);
  });

  test('is not charged for the start of the engine', async () => {
    const few = await runJs('1', { host: { deterministic } });
    const many = await runJs('1', {
      host: { deterministic },
      spec: { argv: ['x'.repeat(1_000_000)] },
    });
    // The heap is laid out otherwise, which costs the program itself a little.
    expect(Math.abs((many.result.fuel ?? 0) - (few.result.fuel ?? 0))).toBeLessThan(5_000);
  });

  test('ends exactly at the limit', async () => {
    const needed =
      (await runJs('let s = 0; for (let i = 0; i < 1000; i++) s += i; s', { host: { deterministic } })).result
        .fuel ?? 0;
    const code = 'let s = 0; for (let i = 0; i < 1000; i++) s += i; s';
    expect((await runJs(code, { host: { deterministic }, limits: { fuel: needed } })).result).toMatchObject({
      kind: 'value',
      fuel: needed,
    });
    expect(
      (await runJs(code, { host: { deterministic }, limits: { fuel: needed - 1 } })).result,
    ).toMatchObject({ kind: 'limit', limit: 'fuel' });
  });
});

describe('createQuickjsEngine()', () => {
  test('loads its module once, and again after a failure', async () => {
    let loads = 0;
    const engine = createQuickjsEngine({
      loadModule: async () => {
        loads += 1;
        if (loads === 1) throw new Error('not there yet');
        return loadQuickjs();
      },
    });
    const context = {
      limits: {
        timeoutMs: 1,
        fuel: 1,
        memoryBytes: 1,
        outputBytes: 1,
        hostCalls: 1,
        hostCallBytes: 1,
        cpuShare: 1,
      },
      compile: (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.compile(bytes),
    };
    await expect(engine.shared?.(context)).rejects.toThrow('not there yet');
    await engine.shared?.(context);
    await engine.shared?.(context);
    expect(loads).toBe(2);
  });

  test('takes source text only', async () => {
    await expect(
      quickjsEngine().prepare(
        { kind: 'wasm', bytes: new Uint8Array(), hash: '', name: 'x' },
        {
          limits: {
            timeoutMs: 1,
            fuel: 1,
            memoryBytes: 1,
            outputBytes: 1,
            hostCalls: 1,
            hostCallBytes: 1,
            cpuShare: 1,
          },
          compile: (bytes) => WebAssembly.compile(bytes),
        },
      ),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
