import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-profile-'));
  await writeFile(
    join(cwd, 'work.py'),
    `def inner(n):
    return sum(i * i for i in range(n))
def outer():
    for _ in range(3):
        inner(2000)
    open('/tmp/left', 'w').write('x')
print('printed')
outer()
`,
  );
  await writeFile(
    join(cwd, 'later.py'),
    'import asyncio\nasync def wait():\n    await asyncio.sleep(0)\nawait wait()\n',
  );
  await writeFile(
    join(cwd, 'files.js'),
    "for (let i = 0; i < 5; i++) require('fs').writeFileSync('/tmp/' + i, 'x');",
  );
  await writeFile(join(cwd, 'broken.py'), 'def fail():\n    raise ValueError("no")\nfail()\n');
});
afterAll(() => rm(cwd, { recursive: true }));

const run = (...args: readonly string[]) => runCli(['profile', '--timeout=2m', ...args], { cwd });

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
}
const rowsOf = (out: string): readonly Row[] => (JSON.parse(out) as { readonly rows: readonly Row[] }).rows;

describe('sandglass profile', verifies('MO-17'), () => {
  test('shows at most ten rows, the longest first, among them functions of Python', async () => {
    const { code, out } = await run('work.py');
    expect(code).toBe(0);
    const [printed, head, ...rows] = out.trimEnd().split('\n');
    expect(printed).toBe('printed');
    expect(head).toMatch(/^ms +own +calls +kind +what$/);
    expect(rows.length).toBe(10);
    const times = rows.map((row) => Number.parseFloat(row));
    expect(times).toEqual(times.toSorted((left, right) => right - left));
  });

  test('counts calls and host calls', async () => {
    const rows = rowsOf((await run('work.py', '--json', '--top=1000')).out);
    expect(rows.find(({ name }) => name === 'work.py:1 inner')?.calls).toBe(3);
    expect(rows.find(({ name }) => name === 'work.py:3 outer')?.calls).toBe(1);
    expect(rows.filter(({ kind }) => kind === 'stage').map(({ name }) => name)).toContain('run the guest');
    const files = rowsOf((await run('files.js', '--json')).out);
    expect(files.find(({ kind, name }) => kind === 'host' && name === 'fs.writeFile')?.calls).toBe(5);
    expect(files.some(({ kind }) => kind === 'function')).toBe(false);
  });

  test('a program that waits at its top, and one that fails, are told as well', async () => {
    const waited = rowsOf((await run('later.py', '--json', '--top=1000')).out);
    expect(waited.some(({ name }) => name === 'later.py:2 wait')).toBe(true);
    const { code, out, err } = await run('broken.py', '--top=1000');
    expect(code).toBe(1);
    expect(out).toContain('broken.py:1 fail');
    expect(err).toContain('ValueError: no');
  });

  test('says what it cannot use', async () => {
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('Nothing to profile') });
    expect(await run('work.py', '--top=0')).toMatchObject({ code: 2, err: expect.stringContaining('--top') });
  });
});
