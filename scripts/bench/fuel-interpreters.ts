import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import { loadPyodide } from 'pyodide';
import { componentizeSpiderMonkey } from '../tools/build-component.ts';

/** Rewrites a binary before it is compiled; the same bytes for the plain form. */
export type Rewrite = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
/** Sees each instance before anything runs, and answers the exports that the glue shall use. */
export type Attach = (instance: WebAssembly.Instance) => WebAssembly.Exports;

/** Something to do, by name. */
export type Programs = Readonly<Record<string, () => void>>;

/** Python programs: each defines `run()`. */
export const PYTHON_PROGRAMS: Readonly<Record<string, string>> = {
  loop: 'def run():\n  total = 0\n  for i in range(60_000):\n    total += i * i % 7\n  return total',
  calls: 'def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\ndef run(): return fib(17)',
  dicts:
    'def run():\n  counts = {}\n  for i in range(15_000): counts[i % 97] = counts.get(i % 97, 0) + 1\n  return sorted(counts.items())',
  text: "def run(): return ' '.join(str(i) for i in range(6_000)).replace('1', 'one').upper().split()",
  json: "import json\nrows = [{'id': i, 'name': f'row {i}', 'tags': ['a', 'b']} for i in range(300)]\ndef run(): return json.loads(json.dumps(rows))",
  regex:
    "import re\ntext = 'the quick brown fox ' * 200\ndef run(): return len(re.findall(r'\\b(\\w+)\\s+(\\w+)', text))",
};

/** Stock Pyodide from any rewriting of its binary. */
export async function openPyodide(rewrite: Rewrite, attach: Attach): Promise<Programs> {
  const { instantiate } = WebAssembly;
  // The one place where Pyodide's glue turns bytes into an instance; it offers no hook.
  WebAssembly.instantiate = (async (source: BufferSource, imports: WebAssembly.Imports) => {
    const bytes = new Uint8Array(source as ArrayBuffer).slice(); // the glue passes what it has read
    const module = await WebAssembly.compile(rewrite(bytes));
    return { module, instance: { exports: attach(await instantiate(module, imports)) } };
  }) as typeof WebAssembly.instantiate;
  try {
    const python = await loadPyodide();
    const runs: Record<string, () => void> = {};
    for (const [name, source] of Object.entries(PYTHON_PROGRAMS)) {
      const globals = python.runPython('{}', {});
      python.runPython(source, { globals });
      const run = globals.get('run') as () => { destroy?: () => void } | undefined; // a Python function, called through Pyodide's proxy
      runs[name] = () => run()?.destroy?.();
    }
    return runs;
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

/** JavaScript on SpiderMonkey: each function of the component is a program. */
const SPIDERMONKEY = `
const words = 'the quick brown fox jumps over the lazy dog'.split(' ');
const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: 'row ' + id, tags: ['a', 'b'] }));
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
export const loop = () => { let sum = 0; for (let i = 0; i < 300000; i++) sum = (sum + i * 7) & 0xffff; return sum; };
export const calls = () => fib(21);
export const objects = () => { const map = new Map(); for (let i = 0; i < 20000; i++) map.set(i % 97, (map.get(i % 97) ?? 0) + 1); return map.size; };
export const text = () => { let all = ''; for (let i = 0; i < 3000; i++) all += words[i % 9]; return all.toUpperCase().split('O').length; };
export const json = () => JSON.parse(JSON.stringify(rows)).length;
export const regex = () => 'the quick brown fox '.repeat(200).match(/\\b(\\w+)\\s+(\\w+)/g).length;
`;
const SPIDERMONKEY_PROGRAMS = ['loop', 'calls', 'objects', 'text', 'json', 'regex'] as const;

/** What jco writes with `instantiation: 'async'`. */
interface Glue {
  instantiate(
    getCoreModule: (name: string) => Promise<WebAssembly.Module>,
    imports: object,
    instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => Promise<object>,
  ): Promise<Programs>;
}

/** The component once built and transpiled, to be opened from any rewriting of its core modules. */
export async function buildSpiderMonkey(): Promise<(rewrite: Rewrite, attach: Attach) => Promise<Programs>> {
  const world = `package bench:programs;\nworld programs { ${SPIDERMONKEY_PROGRAMS.map((name) => `export ${name}: func() -> u32;`).join(' ')} }`;
  const component = await componentizeSpiderMonkey(SPIDERMONKEY, { wit: world, name: 'programs' });
  const { files } = await transpileBytes(component, {
    name: 'guest',
    instantiation: 'async',
    base64Cutoff: 0,
  });
  return async (rewrite, attach) => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
    try {
      const source = join(folder, 'guest.mjs');
      await writeFile(source, files['guest.js'] ?? '');
      const glue = (await import(pathToFileURL(source).href)) as Glue;
      return await glue.instantiate(
        async (name) => WebAssembly.compile(rewrite(new Uint8Array(files[name] ?? new Uint8Array()))),
        new WASIShim().getImportObject(),
        async (module, imports) => ({ exports: attach(await WebAssembly.instantiate(module, imports)) }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  };
}
