import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { COUNT, countEach } from './count-each.ts';

/** What one generated module showed. */
export interface Differential {
  /** Calls whose result was the same plain and metered. */
  readonly sameResults: number;
  /** Calls that returned, with the very count of the oracle. */
  readonly sameCounts: number;
  readonly problems: readonly string[];
  /** The generator made nothing that V8 takes. */
  readonly skipped: boolean;
}

const FEATURES = [
  'reference-types',
  'gc',
  'tail-call',
  'simd',
  'bulk-memory',
  'bulk-memory-opt',
  'multivalue',
  'sign-ext',
  'nontrapping-float-to-int',
  'mutable-globals',
  'multimemory',
  'relaxed-simd',
  'extended-const',
];

const SKIPPED: Differential = { sameResults: 0, sameCounts: 0, problems: [], skipped: true };
const CAPS = { maxMemoryPages: 65_536, maxTableElements: 10_000_000, collectedHeap: true };

/** Makes a module of a seed, runs it plain, metered in two slice sizes, and under the oracle, and compares. */
export function differential(seed: number): Differential {
  const bytes = generate(seed);
  if (bytes === undefined || !WebAssembly.validate(bytes)) return SKIPPED;
  const problems: string[] = [];
  let rewritten: Uint8Array<ArrayBuffer>;
  try {
    rewritten = instrument(bytes, CAPS);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (message.includes('shared between threads')) return SKIPPED; // the one thing it makes that is refused on purpose
    return { ...SKIPPED, skipped: false, problems: [`seed ${seed}: refused: ${message}`] };
  }
  const counted = countEach(bytes);
  for (const [name, made] of [
    ['metered', rewritten],
    ['sharing its counter', instrument(bytes, { ...CAPS, sharedFuel: true })],
    ['counted by the oracle', counted],
  ] as const) {
    if (!WebAssembly.validate(made)) problems.push(`seed ${seed}: the module ${name} is not valid`);
  }
  if (problems.length > 0) return { sameResults: 0, sameCounts: 0, problems, skipped: false };

  const plain = runAll(bytes, ({ exports }) => ({ exports, count: () => 0 }));
  const oracle = runAll(counted, ({ exports }) => {
    const global = exports[COUNT] as WebAssembly.Global; // the oracle exports it
    return { exports, count: () => Number(global.value) };
  });
  let sameResults = 0;
  let sameCounts = 0;
  for (const sliceFuel of [100, 1e12]) {
    const meter = createMeter({ fuel: Number.MAX_SAFE_INTEGER, sliceFuel });
    const metered = runAll(rewritten, (instance) => {
      const exports = meter.attach(instance);
      meter.start(instance);
      return { exports, count: () => meter.used };
    });
    if (typeof plain === 'string' || typeof metered === 'string') {
      if (plain !== metered)
        problems.push(`seed ${seed}: plain ${String(plain)}, metered ${String(metered)}`);
      continue;
    }
    for (const [index, before] of plain.entries()) {
      const after = metered[index];
      if (after === undefined || after.result !== before.result) {
        problems.push(`seed ${seed}: ${before.name} gives ${before.result} plain, ${after?.result} metered`);
        continue;
      }
      sameResults += 1;
      const expected = typeof oracle === 'string' ? undefined : oracle[index];
      // What a trap or an exception cuts short was paid for in advance: only calls that returned, in modules that catch nothing,
      // have the oracle's count.
      if (expected === undefined || !before.result.startsWith('returns') || catches(seed)) continue;
      if (expected.count === after.count) sameCounts += 1;
      else
        problems.push(`seed ${seed}: ${before.name} costs ${expected.count}, the meter says ${after.count}`);
    }
  }
  return { sameResults, sameCounts, problems, skipped: false };
}

const catches = (seed: number): boolean => seed % 2 === 1;

const wasmOpt = join(
  dirname(createRequire(import.meta.url).resolve('binaryen/package.json')),
  'bin/wasm-opt',
);

function generate(seed: number): Uint8Array<ArrayBuffer> | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'fuel-fuzz-'));
  try {
    const [input, output] = [join(folder, 'in'), join(folder, 'out.wasm')];
    const chunks = Array.from({ length: 40 + (seed % 200) * 3 }, (_, index) =>
      createHash('sha512').update(`${seed}:${index}`).digest(),
    );
    writeFileSync(input, Buffer.concat(chunks));
    const extra = catches(seed) ? ['exception-handling'] : seed % 16 === 0 ? ['threads'] : [];
    const enabled = [...FEATURES, ...extra].map((name) => `--enable-${name}`);
    const passes =
      catches(seed) && seed % 8 !== 7 ? ['--translate-to-exnref'] : seed % 4 === 2 ? ['-O1'] : [];
    const { status } = spawnSync(
      process.execPath,
      [wasmOpt, input, '-ttf', ...enabled, ...passes, '-o', output],
      {
        timeout: 60_000,
      },
    );
    return status === 0 ? new Uint8Array(readFileSync(output)) : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Call {
  readonly name: string;
  readonly result: string;
  /** Units that this call took. */
  readonly count: number;
}

interface Opened {
  readonly exports: WebAssembly.Exports;
  readonly count: () => number;
}

/** Calls every exported function; what is wrong with the instance is the answer if there is none. */
function runAll(
  bytes: Uint8Array<ArrayBuffer>,
  open: (instance: WebAssembly.Instance) => Opened,
): Call[] | string {
  const module = new WebAssembly.Module(bytes);
  let opened: Opened;
  try {
    opened = open(new WebAssembly.Instance(module, importsFor(module)));
  } catch (error) {
    return error instanceof Error ? error.constructor.name : 'unknown';
  }
  const { exports, count } = opened;
  const { hangLimitInitializer } = exports;
  const calls: Call[] = [];
  for (const [name, item] of Object.entries(exports)) {
    if (typeof item !== 'function' || name === 'hangLimitInitializer') continue;
    if (typeof hangLimitInitializer === 'function') hangLimitInitializer();
    const before = count();
    let result: string;
    try {
      const value: unknown = item(0, 0, 0, 0);
      result = `returns ${typeof value === 'object' || typeof value === 'function' ? typeof value : String(value)}`;
    } catch (error) {
      result = `throws ${error instanceof WebAssembly.RuntimeError ? error.message : error?.constructor?.name}`;
    }
    calls.push({ name, result, count: count() - before });
  }
  return calls;
}

function importsFor(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const group = imports[from] ?? {};
    imports[from] = group;
    if (kind === 'function') group[name] = () => 0;
    else if (kind === 'global') group[name] = 0;
    else if (kind === 'memory') group[name] = new WebAssembly.Memory({ initial: 16, maximum: 17 });
    else if (kind === 'table')
      group[name] = new WebAssembly.Table({ initial: 100, maximum: 10_000_000, element: 'anyfunc' });
    else group[name] = tag();
  }
  return imports;
}

/** Tags are newer than the types that this is checked with. */
function tag(): WebAssembly.ImportValue {
  const { Tag } = WebAssembly as unknown as {
    Tag: new (type: { parameters: string[] }) => WebAssembly.ImportValue;
  };
  return new Tag({ parameters: ['i32'] });
}
