import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { LEVELS } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

const INDEX = new URL('../../runtime/index.ts', import.meta.url).href;
/** A program that never ends is killed then, and so has another exit than the one that is asserted. */
const HUNG_MS = 80_000;

/** Guests as the options of a run, written as source text. */
const GUESTS: Record<string, string> = {
  javascript: `{ language: 'javascript', code: 'console.log("it ran")' }`,
  python: `{ language: 'python', code: 'print("it ran")' }`,
};
const module = (bytes: Uint8Array): string =>
  `{ module: Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'), argv: ['print', 'it ran', ''] }`;

beforeAll(async () => {
  GUESTS.preview1 = module(await loadGuest('preview1/hello.wat'));
  GUESTS.component = module(await commandGuest());
});

/** Runs a program of an embedder in a process of its own; resolves with what it printed once it has ended by itself. */
async function runProgram(body: string): Promise<string> {
  const program = `import { createRuntime } from ${JSON.stringify(INDEX)};\n${body}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { timeout: HUNG_MS, killSignal: 'SIGKILL' },
  );
  expect(stderr).toBe('');
  return stdout;
}

describe('a program that never calls close()', verifies('XT-14'), () => {
  const cases = LEVELS.flatMap((level) =>
    ['javascript', 'python', 'component', 'preview1'].map((guest) => ({ level, guest })),
  );

  test.each(cases)('ends by itself after a run of $guest at $level', async ({ level, guest }) => {
    const printed = await runProgram(`
      const runtime = createRuntime();
      const outcome = await runtime.run({ ...${GUESTS[guest]}, level: '${level}' });
      console.log(outcome.ok, outcome.stdout.length > 0, outcome.error ?? 'no error');`);
    expect(printed).toBe('true true no error\n');
  });

  test.each(['minimal', 'standard', 'maximum'])('ends by itself with a session open at %s', async (level) => {
    const printed = await runProgram(`
        const runtime = createRuntime();
        const session = await runtime.sessions.open({ name: 's', language: 'javascript', level: '${level}' });
        const outcome = await session.run({ code: '6 * 7' });
        console.log(outcome.ok, outcome.value);`);
    expect(printed).toBe('true 42\n');
  });

  test('ends by itself when runs were stopped, refused and cut short', async () => {
    const printed = await runProgram(`
      const runtime = createRuntime({ cells: { warm: 3 } });
      const run = (code, options) => runtime.run({ language: 'javascript', code, ...options });
      const outcomes = await Promise.all([
        run('for (;;);', { limits: { timeoutMs: 100 } }),
        run('for (;;) console.log("x".repeat(1000))', { limits: { outputBytes: 2000 } }),
        run('import { readFileSync } from "fs"; readFileSync("/etc/passwd")'),
        run('setTimeout(() => {}, 1e6)', { signal: AbortSignal.timeout(50) }),
      ]);
      console.log(outcomes.map(({ error }) => error.code).join());`);
    expect(printed).toBe('DEADLINE_EXCEEDED,OUTPUT_EXCEEDED,CAPABILITY_DENIED,CANCELLED\n');
  });
});

test('the command of the package can be run as it was built', verifies('XT-14'), async () => {
  const root = new URL('../../', import.meta.url);
  const { bin } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const command = fileURLToPath(new URL(bin.sandglass, root));
  await access(command, constants.X_OK);
  const { stdout } = await promisify(execFile)(command, ['eval', '6 * 7']);
  expect(stdout).toBe('42\n');
});

test('createRuntime() says on a Node that is too old what the command line says there', async () => {
  const root = new URL('../../', import.meta.url);
  const onOldNode = (then: string): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.2' } });\n${then}`,
    ]);
  const sentence = 'Node 24 or later is needed, this is 20.19.2';
  const library = await onOldNode(
    `const { createRuntime } = await import(${JSON.stringify(INDEX)});
    try { createRuntime(); } catch ({ name, code, message }) { console.log([name, code, message].join()); }`,
  );
  expect(library.stdout).toBe(`SandglassError,UNSUPPORTED,Cannot create a runtime: ${sentence}\n`);
  const commandLine = await onOldNode(
    `process.on('exit', () => { console.log(process.exitCode); process.exitCode = 0; });
    await import(${JSON.stringify(new URL('runtime/doors/cli/main.ts', root).href)});`,
  );
  expect(commandLine).toEqual({ stdout: '2\n', stderr: `sandglass: ${sentence}\n` });
});
