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
  typescript: `{ language: 'typescript', code: 'const text: string = "it ran"; console.log(text)' }`,
  shell: `{ language: 'shell', code: 'echo it ran' }`,
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
    ['javascript', 'typescript', 'shell', 'python', 'component', 'preview1'].map((guest) => ({
      level,
      guest,
    })),
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

test('a program stays up for a run that waits for the room of a cell that makes itself ready', async () => {
  const printed = await runProgram(`
    await using runtime = createRuntime({ cells: { maxCells: 1, warm: 0 } });
    for (const language of ['js', 'python', 'js', 'python', 'js']) console.log((await runtime.run({ language, code: '1' })).ok);`);
  expect(printed).toBe('true\n'.repeat(5));
});

/**
 * Source of a module at the limits of what one function may cost the compilers: bodies of 12 times 40 loops within each other, run so often that
 * V8 optimises them, and one whose joins have as many locals as are allowed.
 */
const AT_THE_LIMITS = `
  const leb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))]);
  const times = (count, ...bytes) => Array.from({ length: count }, () => bytes).flat();
  const section = (id, content) => [id, ...leb(content.length), ...content];
  const body = (locals, code) => { const all = [1, ...leb(locals), 0x7f, ...code, 0x0b]; return [...leb(all.length), ...all]; };
  const loops = body(4, times(12, ...times(40, 0x03, 0x40), ...times(40, 0x0b)));
  const joins = body(49_000, times(200, 0x20, 0, 0x04, 0x40, 0x0b));
  const calls = body(1, [
    0x41, ...leb(1000), 0x21, 0, 0x03, 0x40,
    ...Array.from({ length: 9 }, (_, at) => [0x10, at + 1]).flat(),
    0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b,
  ]);
  const bodies = [calls, ...Array.from({ length: 8 }, () => loops), joins];
  const module = Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [bodies.length, ...times(bodies.length, 0)]),
    ...section(7, [1, 6, ...Buffer.from('_start'), 0, 0]),
    ...section(10, [bodies.length, ...bodies.flat()]),
  ]);`;

describe(
  'a program that ran a module at the limits of what may be compiled',
  verifies('EX-08', 'XT-14'),
  () => {
    test.each(['minimal', 'standard', 'maximum'])(
      'ends by itself, and others began as ever: %s',
      async (level) => {
        const printed = await runProgram(`${AT_THE_LIMITS}
      const runtime = createRuntime();
      const hostile = runtime.run({ module, level: '${level}', limits: { timeoutMs: 60_000 } });
      const ends = [];
      const note = (name) => (outcome) => ends.push(outcome.ok ? name : name + ' ' + outcome.error.code);
      const others = () => [
        runtime.run({ language: 'javascript', code: '1', level: '${level}' }).then(note('javascript')),
        runtime.run({ module: module.slice(0, 8), level: '${level}' }).then(note('module')),
      ];
      const beside = others();
      const cancel = new AbortController();
      const cancelled = runtime.run({ module: Uint8Array.from([...module, 0, 2, 1, 97]), level: '${level}', signal: cancel.signal });
      cancel.abort();
      note('cancelled')(await cancelled);
      await Promise.all(beside);
      console.log((await hostile).error?.message ?? 'ok', ends.sort().join());
      await Promise.all(others());
      console.log(ends.length);`);
        expect(printed).toBe('ok cancelled CANCELLED,javascript,module INPUT_INVALID\n5\n');
      },
    );
  },
);

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
