import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { readHeader } from '../support/python-program.ts';
import { allPrograms } from '../support/recorded-programs.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

/** `npx node scripts/record-python-programs.ts` takes what is expected from CPython anew. */
describe.each([...allPrograms('python-programs')])(
  'programs as they are written for CPython: %s',
  (_area, programs) => {
    test.each(programs.map((program) => [program.name, program] as const))(
      '%s prints what it prints there, and ends so',
      async (name, { code, prints }) => {
        const { env, stdin, exit } = readHeader(code);
        const outcome = await runtime.run({
          language: 'python',
          code,
          filename: name,
          stdin,
          grant: { env },
          limits: { timeoutMs: 60_000 },
        });
        expect(outcome.stdout).toBe(prints);
        expect(outcome.exitCode ?? (outcome.ok ? 0 : 1)).toBe(exit);
      },
    );
  },
);
