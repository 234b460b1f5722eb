import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import wabt from 'wabt';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { openQuickjs, publishedQuickjs } from './emscripten-quickjs.ts';
import {
  type Attach,
  buildSpiderMonkey,
  openPyodide,
  type Programs,
  type Rewrite,
} from './fuel-interpreters.ts';
import { FUEL_KERNELS, QUICKJS_PROGRAMS } from './fuel-kernels.ts';
import type { Group, MeasureOptions, Row } from './group.ts';
import { type Subject, sample } from './sample.ts';

const CAPS = { maxMemoryPages: 2048 };
const WANTED_RATIO = 1.25;
/** Turns until the engine has optimised both forms. */
const WARM_UP = 12;

/** What counting costs: the same work plain and metered in one process, and what the rewriter itself takes. */
export const fuel: Group = { title: 'Fuel', measure };

async function measure({ scale }: MeasureOptions): Promise<{ rows: Row[]; notes: string[] }> {
  const rounds = Math.max(5, Math.round(25 * scale));
  const kernels = await ratios(await kernelPairs(), 2 * rounds);
  const scripts = await ratios(await quickjsPairs(), rounds);
  const python = await ratios(await pyodidePairs(), rounds);
  const component = await ratios(await spiderMonkeyPairs(), rounds);
  const all: readonly (readonly [what: string, ratios: Ratios])[] = [
    ['compiled kernels', kernels],
    ['QuickJS', scripts],
    ['Pyodide', python],
    ['a StarlingMonkey component', component],
  ];
  const means = all.map(([, { values }]) => geometricMean(values));
  const overall = geometricMean(means);
  const rows: Row[] = [
    ...all.map(([what, measured]) => ratioRow(`${what}, metered / plain`, measured)),
    {
      what: 'geometric mean of these four',
      median: overall,
      p95: Math.max(...means),
      samples: means.length,
      unit: '×',
      wanted: { text: `≤ ${WANTED_RATIO}×`, holds: overall <= WANTED_RATIO },
    },
  ];
  const binaries: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
    ['QuickJS', publishedQuickjs()],
    [
      'Pyodide',
      new Uint8Array(readFileSync(createRequire(import.meta.url).resolve('pyodide/pyodide.asm.wasm'))),
    ],
  ];
  for (const [name, bytes] of binaries)
    rows.push(...(await rewriteRows(name, bytes, Math.max(3, Math.round(10 * scale)))));
  const each = ({ names, values }: Ratios): string =>
    names.map((name, index) => `${name} ${values[index]?.toFixed(2)}`).join(', ');
  return {
    rows,
    notes: [
      `Kernels: ${each(kernels)}.`,
      `QuickJS: ${each(scripts)}.`,
      `Pyodide: ${each(python)}.`,
      `StarlingMonkey: ${each(component)}.`,
      'Ratios are of the fastest of all rounds; the middle one is their geometric mean, the upper one the worst.',
    ],
  };
}

/** The same work twice. */
interface Pair {
  readonly name: string;
  readonly plain: () => void;
  readonly metered: () => void;
}

interface Ratios {
  readonly names: readonly string[];
  readonly values: readonly number[];
}

const meteredExports = (instance: WebAssembly.Instance): WebAssembly.Exports => {
  const meter = createMeter({ fuel: Number.MAX_SAFE_INTEGER });
  const exports = meter.attach(instance);
  meter.start(instance);
  return exports;
};

async function kernelPairs(): Promise<Pair[]> {
  const assembler = await wabt();
  return Object.entries(FUEL_KERNELS).map(([name, text]) => {
    const bytes = new Uint8Array(assembler.parseWat(name, text, { bulk_memory: true }).toBinary({}).buffer);
    const open = (code: Uint8Array<ArrayBuffer>): WebAssembly.Instance =>
      new WebAssembly.Instance(new WebAssembly.Module(code));
    const runOf = ({ run }: WebAssembly.Exports): (() => void) => run as () => void; // every kernel exports it
    const plain = runOf(open(bytes).exports);
    const metered = runOf(meteredExports(open(instrument(bytes, CAPS))));
    return { name, plain, metered };
  });
}

async function quickjsPairs(): Promise<Pair[]> {
  const bytes = publishedQuickjs();
  const plain = await openQuickjs(bytes, ({ exports }) => exports);
  const metered = await openQuickjs(instrument(bytes, CAPS), meteredExports);
  // Each script in a block of its own: one context runs it again and again.
  return Object.entries(QUICKJS_PROGRAMS).map(([name, code]) => {
    const script = `(() => { return eval(${JSON.stringify(code)}) })()`;
    return { name, plain: () => void plain(script), metered: () => void metered(script) };
  });
}

const plainly: readonly [Rewrite, Attach] = [(bytes) => bytes, ({ exports }) => exports];
const counted: readonly [Rewrite, Attach] = [
  (bytes) => instrument(bytes, { ...CAPS, maxMemoryPages: 32_768 }),
  meteredExports,
];

async function pyodidePairs(): Promise<Pair[]> {
  return pairsOf(await openPyodide(...plainly), await openPyodide(...counted));
}

async function spiderMonkeyPairs(): Promise<Pair[]> {
  const open = await buildSpiderMonkey();
  return pairsOf(await open(...plainly), await open(...counted));
}

function pairsOf(plain: Programs, metered: Programs): Pair[] {
  return Object.entries(plain).map(([name, run]) => {
    const other = metered[name];
    if (other === undefined) throw new Error(`Cannot measure ${name}: its metered form has no such program`);
    return { name, plain: run, metered: other };
  });
}

async function ratios(pairs: readonly Pair[], rounds: number): Promise<Ratios> {
  const values: number[] = [];
  for (const { plain, metered } of pairs) {
    const best = { plain: Number.POSITIVE_INFINITY, metered: Number.POSITIVE_INFINITY };
    const time = (work: () => void): number => {
      const started = performance.now();
      work();
      return performance.now() - started;
    };
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const [plainMs, meteredMs] = [time(plain), time(metered)];
      if (round < 0) continue;
      best.plain = Math.min(best.plain, plainMs);
      best.metered = Math.min(best.metered, meteredMs);
    }
    values.push(best.metered / best.plain);
  }
  return { names: pairs.map(({ name }) => name), values };
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const ratioRow = (what: string, { values }: Ratios): Row => ({
  what,
  median: geometricMean(values),
  p95: Math.max(...values),
  samples: values.length,
  unit: '×',
});

async function rewriteRows(name: string, bytes: Uint8Array<ArrayBuffer>, rounds: number): Promise<Row[]> {
  const megabytes = bytes.length / 2 ** 20;
  let grown = 0;
  const subject: Subject = {
    name,
    warmUp: 2,
    once: () => {
      const started = performance.now();
      grown = instrument(bytes, { ...CAPS, maxMemoryPages: 32_768 }).length;
      return (performance.now() - started) / megabytes;
    },
  };
  const figures = (await sample([subject], rounds)).get(name);
  const ratio = grown / bytes.length;
  return [
    {
      what: `rewriting ${name}, each MiB`,
      median: figures?.median ?? Number.NaN,
      p95: figures?.p95 ?? Number.NaN,
      samples: figures?.samples ?? 0,
      unit: 'ms',
    },
    { what: `size of ${name}, metered / plain`, median: ratio, p95: Number.NaN, samples: 1, unit: '×' },
  ];
}
