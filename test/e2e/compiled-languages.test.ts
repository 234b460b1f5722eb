import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type RunBase, type Runtime } from '../../runtime/index.ts';
import { compiled } from '../guests/languages/build.ts';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

/** What the compilers of this machine make; no compiler is part of the repository. */
const PROGRAMS = (
  [
    ['C', 'hello.c'],
    ['Rust', 'hello.rs'],
    ['Go', 'hello.go'],
  ] as const
).map(([language, file]) => ({ language, program: compiled(file) }));

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = createRuntime();
  folder = mkdtempSync(join(tmpdir(), 'sandglass-languages-'));
  writeFileSync(join(folder, 'a.txt'), 'granted');
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

describe.each(PROGRAMS)(
  'a program in $language (not run where it cannot be compiled)',
  verifies('EX-04', 'EX-06'),
  ({ program }) => {
    const given: RunBase = { argv: ['me'], stdin: 'x\ny\n' };
    const run = (options: RunBase) =>
      runtime.run({ module: program ?? new Uint8Array(), ...given, ...options });

    test.skipIf(program === undefined)('has arguments, stdin, variables and files as granted', async () => {
      for (const level of ['minimal', 'standard', 'strict'] as const) {
        const grant = { fs: [{ host: folder, guest: '/data' }], env: { LANG: 'de' } };
        expect(await run({ grant, level })).toMatchObject({
          ok: true,
          exitCode: 0,
          stdout: 'me: x\nme: y\ngranted\n',
          stderr: 'de\n',
        });
      }
    });

    test.skipIf(program === undefined)('has none of them otherwise, and is held to its limits', async () => {
      expect(await run({})).toMatchObject({
        ok: false,
        exitCode: 3,
        stdout: 'me: x\nme: y\n',
        stderr: 'none\n',
        error: { code: 'GUEST_THREW', details: { exitCode: 3 } },
      });
      expect(await run({ limits: { fuel: 1_000 } })).toMatchObject({
        ok: false,
        error: { code: 'FUEL_EXHAUSTED' },
      });
    });
  },
);

test.each(['main.rs', 'Main.java', 'main.go', 'main.c'])(
  'the source %s is refused on the command line with the way out',
  async (file) => {
    writeFileSync(join(folder, file), 'fn main() {}');
    const { code, out, err } = await runCli(['run', file], { cwd: folder });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('.wasm');
  },
);
