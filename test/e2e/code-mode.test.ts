import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome, RunOptions } from '../../runtime/index.ts';
import { runtimeWithTools } from '../support/guest-tools.ts';
import { verifies } from '../support/verifies.ts';

const TOOLS = {
  double: { code: 'input.n * 2' },
  'text.upper': { code: 'input.text.toUpperCase()' },
  fails: { code: "throw new TypeError('no good')" },
  picky: { code: "sandglass.call('fs.readFile', { path: '/secret/a.txt' })" },
  echo: { code: 'input' },
  nothing: { code: 'undefined' },
};

let runtime: ReturnType<typeof runtimeWithTools>;
beforeAll(() => {
  runtime = runtimeWithTools(TOOLS);
});
afterAll(() => runtime.close());

const GRANT = { tools: ['double', 'text.*', 'fails', 'picky', 'echo', 'nothing', 'missing'] };
const run = (language: string, code: string, more: Partial<RunOptions> = {}): Promise<Outcome> =>
  runtime.run({ language, code, grant: GRANT, ...more } as RunOptions);
const valueFrom = async (
  language: string,
  code: string,
  more: Partial<RunOptions> = {},
): Promise<unknown> => {
  const outcome = await run(language, code, more);
  if (!outcome.ok) throw new Error(`${outcome.error.code} ${outcome.error.message}\n${outcome.stderr}`);
  return outcome.value;
};

describe.each(['minimal', 'standard'] as const)('JavaScript at %s', (level) => {
  test('a tool is a function of its name', verifies('LM-15'), async () => {
    expect(
      await valueFrom(
        'javascript',
        `const [one, two, three] = [await tools.double({ n: 21 }), await tools['text.upper']({ text: 'a' }), await tools.call('echo', { deep: [1, { a: null }] })];
        ({ one, two, three, nothing: await tools.nothing(), names: [tools.double.name, typeof tools.then, String(tools)] })`,
        { level },
      ),
    ).toEqual({
      one: 42,
      two: 'A',
      three: { deep: [1, { a: null }] },
      nothing: null,
      names: ['double', 'undefined', '[object tools]'],
    });
  });

  test('calls go on beside each other, in TypeScript too', async () => {
    expect(
      await valueFrom(
        'typescript',
        'const all: number[] = await Promise.all([1, 2, 3, 4, 5].map((n: number) => tools.double({ n }))); all',
        { level },
      ),
    ).toEqual([2, 4, 6, 8, 10]);
  });

  test('a failure is an error with code, message and hint', async () => {
    expect(
      await valueFrom(
        'javascript',
        `const seen = [];
        for (const name of ['fails', 'picky', 'other']) {
          try { await tools[name]({}) } catch (error) {
            seen.push([error instanceof sandglass.SandglassError, error.code, error.message, typeof error.hint, error.details?.grant]);
          }
        }
        try { await tools.double('x') } catch (error) { seen.push(error.name) }
        seen`,
        { level },
      ),
    ).toEqual([
      [true, 'GUEST_THREW', 'TypeError: no good', 'undefined', null],
      [true, 'CAPABILITY_DENIED', expect.stringContaining('/secret/a.txt'), 'string', null],
      [
        true,
        'CAPABILITY_DENIED',
        'Cannot call other: no grant for tools.call covers it',
        'string',
        { tools: ['other'] },
      ],
      'TypeError',
    ]);
  });
});

describe('Python', () => {
  test('a tool is a function of its name, sync or awaited', async () => {
    expect(
      await valueFrom(
        'python',
        `
import asyncio
from sandglass import tools as same
one = tools.double(n=21)
two = tools["text.upper"]({"text": "a"})
three = tools.call("echo", name="x", self=[1, None])
many = await asyncio.gather(*(tools.acall("double", n=n) for n in range(5)))
{"one": one, "two": two, "three": three, "many": many, "same": same is tools, "nothing": tools.nothing()}`,
      ),
    ).toEqual({
      one: 42,
      two: 'A',
      three: { name: 'x', self: [1, null] },
      many: [0, 2, 4, 6, 8],
      same: true,
      nothing: null,
    });
  });

  test('a failure is a ToolError with code, message and hint', async () => {
    expect(
      await valueFrom(
        'python',
        `
from sandglass import ToolError
seen = []
for name in ["fails", "picky", "other"]:
    try:
        tools[name]()
    except ToolError as error:
        seen.append([error.code, error.message, type(error.hint).__name__])
try:
    await tools.acall("fails")
except ToolError as error:
    seen.append(str(error))
try:
    tools.double(1)
except TypeError:
    seen.append("TypeError")
seen`,
      ),
    ).toEqual([
      ['GUEST_THREW', 'TypeError: no good', 'NoneType'],
      ['CAPABILITY_DENIED', expect.stringContaining('/secret/a.txt'), 'str'],
      ['CAPABILITY_DENIED', 'Cannot call other: no grant for tools.call covers it', 'str'],
      'TypeError: no good',
      'TypeError',
    ]);
  });
});

describe.each([
  ['javascript', (name: string) => `await tools.${name}({})`],
  ['python', (name: string) => `tools.${name}()`],
])('%s', (language, call) => {
  test('a failure that nobody catches is how the run ends', async () => {
    expect(await run(language, call('fails'))).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: 'TypeError: no good' },
    });
    expect(await run(language, call('other'))).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { grant: { tools: ['other'] } } },
    });
  });

  test('without a grant for tools there is no such name, and asking all the same is denied', async () => {
    const grant = {};
    expect(
      await valueFrom(language, language === 'python' ? '"tools" in dir()' : 'typeof tools !== "undefined"', {
        grant,
      }),
    ).toBe(false);
    const asked =
      language === 'python'
        ? "import sandglass\nsandglass.call('tools.call', {'name': 'double', 'args': {}})"
        : "await sandglass.call('tools.call', { name: 'double', args: {} })";
    expect(await run(language, asked, { grant })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { grant: { tools: ['double'] } } },
    });
  });

  test('search and describe', async () => {
    const [search, describes] =
      language === 'python'
        ? ['tools.search("o")', 'tools.describe("double")']
        : ["await tools.search('o')", "await tools.describe('double')"];
    const found = (await valueFrom(language, search)) as { readonly name: string }[];
    expect(found.map(({ name }) => name)).toEqual(['double', 'echo', 'nothing']);
    expect(await valueFrom(language, describes)).toMatchObject({
      name: 'double',
      signature: `${language === 'python' ? 'python' : 'typescript'} double`,
    });
  });

  test('reads its own grant', async () => {
    const code = language === 'python' ? 'import sandglass\nsandglass.grant()' : 'sandglass.grant()';
    const grant = {
      ...GRANT,
      fs: [{ host: import.meta.dirname, guest: '/data', access: ['read' as const], maxCalls: 7 }],
      limits: { hostCalls: 33 },
    };
    const value = await valueFrom(language, code, { grant });
    expect(value).toMatchObject({
      tools: GRANT.tools,
      fs: [{ guest: '/data', access: ['read'], maxCalls: 7 }],
      limits: { hostCalls: 33 },
    });
    expect(JSON.stringify(value)).not.toContain(import.meta.dirname);
  });

  test('ten calls are one outcome, whose usage has all of them', async () => {
    const events: (string | undefined)[] = [];
    using _ = runtime.on('host.called', ({ operation, resource }) => {
      events.push(`${operation} ${resource?.name}`);
    });
    const alone = await run(language, '1');
    const code =
      language === 'python'
        ? 'for n in range(10):\n    tools.double(n=n)\nn'
        : 'for (let n = 0; n < 10; n++) await tools.double({ n }); 9';
    const outcome = await run(language, code);
    expect(outcome).toMatchObject({ ok: true, value: 9, usage: { hostCalls: { 'tools.call': 10 } } });
    expect(events).toEqual(Array(10).fill('tools.call double'));
    expect(outcome.usage.fuel).toBeGreaterThan(alone.usage.fuel ?? 0);
  });
});
