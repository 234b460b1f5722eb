import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { allPrograms } from '../support/recorded-programs.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

/** `npx node scripts/record-node-programs.ts` takes what is expected from Node anew. */
describe.each([...allPrograms('node-programs')])(
  'programs as they are written for Node: %s',
  (_area, programs) => {
    test.each(programs.map(({ name, code, prints }) => [name, code, prints] as const))(
      '%s prints what it prints there',
      async (name, code, prints) => {
        const outcome = await runtime.run({
          language: /\.[mc]?tsx?$/.test(name) ? 'typescript' : 'javascript',
          code,
          filename: name,
          limits: { timeoutMs: 60_000 },
          grant: { env: { TZ: /^\/\/ tz: (.*)$/m.exec(code)?.[1] ?? 'UTC' } },
        });
        expect(outcome.stdout).toBe(prints);
        expect(outcome.ok).toBe(true);
      },
    );
  },
);
