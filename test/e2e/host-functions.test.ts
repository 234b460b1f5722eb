import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type HostFunction, type Runtime, SandglassError } from '../../runtime/index.ts';

/** An embedder's own host function: it answers what it was given, under a part of the grant that says how often. */
const served: string[] = [];
const note: HostFunction = {
  name: 'note',
  network: false,
  operations: {
    'note.echo': { capability: 'note.use', kind: 'act' },
    'note.reverse': { capability: 'note.use', kind: 'act' },
    'note.fail': { capability: 'note.use', kind: 'act' },
    'note.slow': { capability: 'note.use', kind: 'act' },
  },
  open: (part) => ({
    call: async (operation, { args, bytes }) => {
      if (part === undefined)
        throw new SandglassError('CAPABILITY_DENIED', 'Cannot take a note: no grant for note.use covers it');
      served.push(operation);
      if (operation === 'note.fail')
        throw new SandglassError('HOST_CALL_FAILED', 'Cannot take a note: the book is full');
      if (operation === 'note.slow') await new Promise((resolve) => setTimeout(resolve, 5));
      if (operation !== 'note.reverse') return { value: args };
      if (bytes === undefined) throw new SandglassError('INPUT_INVALID', 'Cannot reverse: no bytes');
      return { value: bytes.length, bytes: bytes.toReversed() };
    },
    close: () => undefined,
  }),
};

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ hostFunctions: [note] });
});
afterAll(() => runtime.close());

const GRANT = { custom: { note: true } };
/** The same program in both languages. */
const run = (language: string, code: string, grant: object = GRANT) => {
  served.length = 0;
  return runtime.run({ language, code: language === 'python' ? `import sandglass\n${code}` : code, grant });
};

describe('a host function of the embedder', () => {
  test.each([
    ['javascript', "await sandglass.call('note.echo', { a: [1, 'ü'] })"],
    ['python', "sandglass.call('note.echo', {'a': [1, 'ü']})"],
    ['python', "await sandglass.call_async('note.echo', {'a': [1, 'ü']})"],
  ])('answers JSON to %s: %s', async (language, code) => {
    expect(await run(language, code)).toMatchObject({
      ok: true,
      value: { a: [1, 'ü'] },
      usage: { hostCalls: { 'note.use': 1 } },
    });
  });

  test.each([
    [
      'javascript',
      "const { value, bytes } = await sandglass.call('note.reverse', {}, Uint8Array.of(1, 2, 3)); [value, [...bytes]]",
    ],
    [
      'python',
      "answer = sandglass.call('note.reverse', body=b'\\x01\\x02\\x03')\n[answer['value'], list(answer['bytes'])]",
    ],
  ])('takes and answers bytes: %s', async (language, code) => {
    expect(await run(language, code)).toMatchObject({ ok: true, value: [3, [3, 2, 1]] });
  });

  test('is called side by side by tasks of Python', async () => {
    const code = `import asyncio
async def slow(n):
    return (await sandglass.call_async('note.slow', {'n': n}))['n']
await asyncio.gather(*[slow(n) for n in range(5)])`;
    expect(await run('python', code)).toMatchObject({ ok: true, value: [0, 1, 2, 3, 4] });
  });

  test.each([
    ['javascript', "await sandglass.call('note.echo', {})"],
    ['python', "sandglass.call('note.echo')"],
  ])('without a grant nothing is served, and the run ends with the denial: %s', async (language, code) => {
    expect(await run(language, code, {})).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', message: 'Cannot take a note: no grant for note.use covers it' },
    });
    expect(served).toEqual([]);
  });

  test.each([
    ['note.echo', {}, 'PermissionError', 'Cannot take a note: no grant for note.use covers it'],
    ['note.reverse', GRANT, 'ValueError', 'Cannot reverse: no bytes'],
    ['note.fail', GRANT, 'HostCallError', 'Cannot take a note: the book is full'],
    ['nothing.here', GRANT, 'HostCallError', 'Cannot call nothing.here: no host function serves it'],
  ])(
    'Python sees a refusal of %s as an exception that it can handle',
    async (operation, grant, kind, message) => {
      const code = `try:
    sandglass.call('${operation}')
except Exception as error:
    seen = [type(error).__name__, str(error)]
seen`;
      const outcome = await run('python', code, grant);
      expect(outcome).toMatchObject({ ok: true, value: [kind, expect.stringContaining(message)] });
    },
  );

  test.each([
    ['sandglass.call(1)', 'Cannot call a host function: its name must be a str, not int'],
    ["sandglass.call('note.echo', [1])", 'Cannot call note.echo: its arguments must be a dict, not list'],
    ["sandglass.call('note.echo', {}, 'text')", 'Cannot call note.echo: its body must be bytes, not str'],
    ["sandglass.call('note.echo', {'a': {1}})", 'not JSON serializable'],
  ])('wrong arguments of Python never leave the guest: %s', async (code, message) => {
    expect(await run('python', code)).toMatchObject({
      ok: false,
      error: {
        code: 'GUEST_THREW',
        message: expect.stringContaining(message),
        details: { name: 'TypeError' },
      },
    });
    expect(served).toEqual([]);
  });

  test('rules for imports hold for the module of Python', async () => {
    const outcome = await runtime.run({
      language: 'python',
      code: 'import sandglass',
      options: { preset: 'safe' },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    expect(JSON.stringify(outcome)).toContain('sandglass');
  });
});
