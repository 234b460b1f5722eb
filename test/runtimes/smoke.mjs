// Runs on Node, Deno and Bun alike: what the built package says and does there, as one line of JSON.
import { readFile } from 'node:fs/promises';
import process from 'node:process';

const [, , entry, moduleFile, folder] = process.argv;
const { createRuntime } = await import(entry);
const runtime = createRuntime({ cache: false, onError: () => {} });
const brief = (outcome) => (outcome.ok ? (outcome.value ?? outcome.stdout) : outcome.error.code);
const script = { language: 'javascript', code: '[1, 2, 3].map((x) => x * x)' };
const levels = ['minimal', 'standard', 'strict', 'maximum'];
const told = {
  platform: runtime.platform(),
  script: brief(await runtime.run(script)),
  typescript: brief(await runtime.run({ language: 'typescript', code: 'const a: number = 2; a + 1' })),
  module: brief(await runtime.run({ module: await readFile(moduleFile), invoke: 'fib', args: [20] })),
  endless: brief(
    await runtime.run({ language: 'javascript', code: 'for (;;) {}', limits: { timeoutMs: 300 } }),
  ),
  fuel: brief(
    await runtime.run({ language: 'javascript', code: 'for (;;) {}', limits: { fuel: 1_000_000 } }),
  ),
  file: brief(
    await runtime.run({
      language: 'javascript',
      code: 'import { readFileSync } from "node:fs"; export default readFileSync("/data/a.txt", "utf8")',
      grant: { fs: [{ host: folder, guest: '/data', access: ['read'] }] },
    }),
  ),
  denied: brief(
    await runtime.run({
      language: 'javascript',
      code: 'import fs from "node:fs"; fs.readFileSync("/etc/passwd")',
    }),
  ),
  levels: {},
  python: brief(await runtime.run({ language: 'python', code: '1 + 1' })),
};
for (const level of levels) told.levels[level] = brief(await runtime.run({ ...script, level }));
await runtime.close();
process.stdout.write(`${JSON.stringify(told)}\n`);
