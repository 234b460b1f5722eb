import type { Outcome, PrebuiltComponent, RunOptions, Runtime } from '../../../runtime/index.browser.ts';

/** `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))` */
const ADD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0,
  10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11,
]);

/** Its fuel must be the same everywhere. */
export const COUNTED = {
  language: 'javascript',
  code: 'let sum = 0; for (let i = 0; i < 10_000; i++) sum += Math.sqrt(i); JSON.stringify([sum, Math.random(), Date.now()])',
  deterministic: { seed: 7, now: 1_000 },
  level: 'minimal',
} as const satisfies RunOptions;

/** What a platform must answer; the same on each. */
export interface Report {
  readonly platform: string;
  readonly levels: readonly string[];
  readonly javascript: Outcome;
  readonly typescript: Outcome;
  readonly denied: Outcome;
  readonly network: Outcome;
  readonly endless: Outcome;
  readonly component: Outcome;
  readonly counted: Outcome;
  readonly module: Outcome;
  readonly standard: Outcome;
  readonly session: Outcome;
  readonly tool: Outcome;
  readonly toolInvalid: Outcome;
  readonly codeMode: Outcome;
}

async function runInSession(runtime: Runtime): Promise<Outcome> {
  await using session = await runtime.sessions.open({ language: 'javascript' });
  await session.run({ code: 'let kept = 41; const next = async () => kept + 1' });
  return await session.run({ code: 'await next()' });
}

const DOUBLE = {
  name: 'double',
  description: 'Doubles numbers',
  input: {
    n: { type: 'number' },
    unit: { enum: ['m', 'km'], default: 'm' },
    day: { type: 'string', format: 'date', optional: true },
  },
  output: { type: 'string', pattern: '^[0-9]+ k?m$' },
} as const;

async function callTools(runtime: Runtime): Promise<Pick<Report, 'tool' | 'toolInvalid' | 'codeMode'>> {
  runtime.tools.register(DOUBLE, {
    language: 'js',
    code: "export const run = ({ n, unit }) => n * 2 + ' ' + unit",
  });
  return {
    tool: await runtime.tools.call('double', { n: '21' }),
    toolInvalid: await runtime.tools.call('double', { n: 'x', unit: 'kn', day: '2026-02-30', more: 1 }),
    codeMode: await runtime.run({
      language: 'typescript',
      code: "const found: string = (await tools.search('numbers'))[0].name; await tools.call(found, { n: 1, unit: 'km' })",
      grant: { tools: ['double'] },
    }),
  };
}

/** Runs the same guests on whatever platform this was bundled for. */
export async function runGuests(runtime: Runtime, component: PrebuiltComponent): Promise<Report> {
  return {
    platform: runtime.platform().name,
    levels: runtime.platform().levels,
    javascript: await runtime.run({
      language: 'javascript',
      code: 'console.log([1, 2, 3].map((x) => x * x).join()); await new Promise((r) => setTimeout(r, 1)); 6 * 7',
    }),
    typescript: await runtime.run({
      language: 'typescript',
      code: "import { readFile, writeFile } from 'fs/promises'; const path: string = '/tmp/note'; await writeFile(path, 'kept'); export default await readFile(path, 'utf8');",
    }),
    denied: await runtime.run({
      language: 'javascript',
      code: "import { readFile } from 'node:fs/promises'; export default await readFile('/etc/passwd');",
    }),
    network: await runtime.run({ language: 'javascript', code: "await fetch('https://example.com/')" }),
    endless: await runtime.run({ language: 'javascript', code: 'for (;;) {}', limits: { fuel: 50_000_000 } }),
    component: await runtime.run({ module: component, invoke: 'add', args: [40, 2] }),
    module: await runtime.run({ module: ADD, invoke: 'add', args: [40, 2] }),
    counted: await runtime.run(COUNTED),
    standard: await runtime.run({ language: 'javascript', code: '1', level: 'standard' }),
    session: await runInSession(runtime),
    ...(await callTools(runtime)),
  };
}
