import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, LEVELS, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-22');

let runtime: Runtime;
let files: Uint8Array;
let command: Uint8Array;
beforeAll(async () => {
  runtime = createRuntime();
  files = await loadGuest('preview1/files.wat');
  command = await commandGuest();
});
afterAll(() => runtime.close());

/** A name that no other program of this machine has in its own `/tmp`. */
const NAME = 'sandglass-scratch-note';

/** What a guest without any grant does with its scratch folder, and what it finds there the next time. */
const GUESTS: Readonly<
  Record<
    string,
    {
      readonly write: () => RunOptions;
      readonly written: object;
      readonly read: () => RunOptions;
      readonly gone: object;
    }
  >
> = {
  javascript: {
    write: () => ({
      language: 'javascript',
      code: `fs.writeFileSync('/tmp/${NAME}', 'hi'); [fs.readFileSync('/tmp/${NAME}', 'utf8'), fs.readdirSync('/tmp')]`,
    }),
    written: { ok: true, value: ['hi', [NAME]] },
    read: () => ({ language: 'javascript', code: `fs.existsSync('/tmp/${NAME}')` }),
    gone: { ok: true, value: false },
  },
  python: {
    write: () => ({
      language: 'python',
      code: `import os\nwith open('/tmp/${NAME}', 'w') as f:\n    f.write('hi')\n[open('/tmp/${NAME}').read(), os.listdir('/tmp')]`,
    }),
    written: { ok: true, value: ['hi', [NAME]] },
    read: () => ({ language: 'python', code: `import os\nos.path.exists('/tmp/${NAME}')` }),
    gone: { ok: true, value: false },
  },
  preview1: {
    write: () => ({ module: files, argv: [NAME, 'hi'] }),
    written: { ok: true, exitCode: 0, usage: { hostCalls: { 'fs.write': 1 } } },
    read: () => ({ module: files, argv: [NAME] }),
    gone: { ok: false, exitCode: 44 }, // ENOENT
  },
  component: {
    write: () => ({ module: command, argv: ['write', NAME, 'hi'] }),
    written: { ok: true, stdout: 'written\n' },
    read: () => ({ module: command, argv: ['read', NAME] }),
    gone: { ok: true, stdout: 'errno 44\n' },
  },
};

describe.each(LEVELS)('at level %s', (level) => {
  test.each(Object.entries(GUESTS))(
    'a %s guest without a grant has a folder of its own, which is gone after the run',
    async (_, { write, written, read, gone }) => {
      expect(await runtime.run({ ...write(), level })).toMatchObject(written);
      expect(existsSync(`/tmp/${NAME}`)).toBe(false);
      expect(await runtime.run({ ...read(), level })).toMatchObject(gone);
    },
  );
});

test('the umask of a Python guest is its own, and is kept by a session', async () => {
  const code = 'import os\nos.umask(0o077)';
  for (const level of LEVELS) {
    expect(await runtime.run({ language: 'python', code, level })).toMatchObject({ ok: true, value: 0o022 });
    expect(await runtime.run({ language: 'python', code, level })).toMatchObject({ ok: true, value: 0o022 });
  }
  await using session = await runtime.sessions.open({ name: 'umask', language: 'python' });
  expect(await session.run({ code })).toMatchObject({ ok: true, value: 0o022 });
  expect(await session.run({ code })).toMatchObject({ ok: true, value: 0o077 });
});
