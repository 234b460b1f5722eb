import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { codeBlocks } from '../docs/code-blocks.ts';
import { verifies } from '../support/verifies.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const shown = codeBlocks(readFileSync(`${root}docs/use-cases.md`, 'utf8')).flatMap(
  ({ code, prints = '' }) => {
    const name = /^npm run example -- (\w+)$/.exec(code)?.[1];
    return name === undefined ? [] : [[name, prints] as const];
  },
);

test('docs/use-cases.md shows every use case', () => {
  const files = readdirSync(`${root}examples/use-cases`).map((file) => file.replace('.ts', ''));
  expect(shown.map(([name]) => name).sort()).toEqual(files.sort());
});

test.each(shown)('the use case %s prints what its page says', verifies('WF-15'), async (name, prints) => {
  const { stdout, stderr } = await run(process.execPath, ['scripts/example.ts', name], { cwd: root });
  expect([stdout.trimEnd(), stderr]).toEqual([prints, '']);
});

test('a use case that there is not is told, with those that there are', async () => {
  const failed = await run(process.execPath, ['scripts/example.ts', '../x'], { cwd: root }).catch(
    (error: { code: number; stderr: string }) => error,
  );
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('analysis, charts, database') });
});
