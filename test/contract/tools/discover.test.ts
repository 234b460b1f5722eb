import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { toJsonForm } from '../../../runtime/index.ts';
import { javascriptNeeds } from '../../../runtime/tools/discover/javascript-needs.ts';
import { TEST_CACHE } from '../../support/test-cache.ts';
import { codeOf, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const folder = mkdtempSync(join(tmpdir(), 'discover-'));
afterAll(() => rmSync(folder, { recursive: true }));

const head = (mark: string, fields: object): string =>
  `${mark} sandglass:tool ${JSON.stringify({ description: 'x', ...fields })}\n`;

test(
  'functions with @tool are tools: schema from annotations, words from the docstring',
  verifies('EX-32'),
  async () => {
    writeFileSync(
      join(folder, 'text.py'),
      `import sandglass
from typing import Literal, Optional

@tool
def repeat(text: str, times: int = 2, sep: Optional[str] = None) -> str:
    """Repeats a text.

    Args:
        text: What is repeated
        times: How often
    """
    return (sep or "").join([text] * times)

@sandglass.tool(name="shout", dangerous=True, keywords=["loud"])
def loud(words: list[str], mode: Literal["upper", "title"] = "upper"):
    """Says it loud."""
    return [helper(word, mode) for word in words]

def helper(word, mode):
    return word.upper() if mode == "upper" else word.title()
`,
    );
    const { runtime } = toolsRuntime({ cache: TEST_CACHE });
    const { registered } = await runtime.tools.load(join(folder, 'text.py'));
    expect(
      registered.map(({ name, description, dangerous, input }) => ({ name, description, dangerous, input })),
    ).toEqual([
      {
        name: 'repeat',
        description: 'Repeats a text.',
        dangerous: false,
        input: {
          type: 'object',
          properties: {
            text: { type: 'string', description: 'What is repeated' },
            times: { type: 'integer', default: 2, description: 'How often' },
            sep: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          },
          required: ['text'],
          additionalProperties: false,
        },
      },
      {
        name: 'shout',
        description: 'Says it loud.',
        dangerous: true,
        input: {
          type: 'object',
          properties: {
            words: { type: 'array', items: { type: 'string' } },
            mode: { enum: ['upper', 'title'], default: 'upper' },
          },
          required: ['words'],
          additionalProperties: false,
        },
      },
    ]);
    expect((await runtime.tools.call('repeat', { text: 'é', sep: '-' })).text).toBe('é-é');
    const shouted = await runtime.tools.call('shout', { words: ['a b'], mode: 'title' }, { confirm: true });
    expect(shouted.ok && shouted.value !== undefined && toJsonForm(shouted.value)).toEqual(['A B']);
    expect(codeOf(await runtime.tools.call('repeat', { text: 1.5, times: 'x' }))).toBe('INPUT_INVALID');
    await runtime.close();
  },
);

test(
  'what a file uses and does not ask for keeps it out, with the line that shows it',
  verifies('MK-06', 'MK-07', 'PM-23'),
  async () => {
    const files: Record<string, string> = {
      'a-writes.py': `${head('#', { name: 'a' })}def run(args):\n    with open(args["p"], "w") as f: f.write("x")\n`,
      'b-asks.py': `${head('#', { name: 'b', capabilities: ['fs.write'] })}def run(args):\n    open(args["p"], mode="w").write("x")\n`,
      'c-network.py':
        'import urllib.request\n@tool\ndef c(url: str):\n    """Gets it"""\n    return urllib.request.urlopen(url).read()\n',
      'd-scratch.py': `${head('#', { name: 'd' })}def run(args):\n    open("/tmp/x", "w").write("x")\n    return open("/tmp/x").read()\n`,
      'e-broken.py': `${head('#', { name: 'e' })}def run(args:\n`,
      'f-fetches.js': `${head('//', { name: 'f' })}\n// fetch in a comment\nexport const run = ({ url }) => fetch(url);`,
      'g-harmless.js': `${head('//', { name: 'g' })}export const run = () => ({ fetch: 'fetch("x")' }.fetch);`,
      'h-deletes.js': `${head('//', { name: 'h', capabilities: ['fs.read'] })}import { unlink } from 'node:fs/promises';\nexport const run = ({ p }) => unlink(p);`,
      'i-all.js': `${head('//', { name: 'i', capabilities: ['fs.*'] })}import { unlink, readFile } from 'node:fs/promises';\nexport const run = ({ p }) => readFile(p).then(() => unlink(p));`,
      'j-star.py': '@tool\ndef j(*all):\n    return 1\n',
    };
    const dir = join(folder, 'dir');
    mkdirSync(dir);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const { runtime } = toolsRuntime({ cache: TEST_CACHE, tools: { dirs: [dir] } });
    const { registered, skipped } = await runtime.tools.ready();
    expect(registered.map(({ name }) => name)).toEqual(['b', 'd', 'g', 'i']);
    expect(
      skipped.map(({ path, error, quarantined }) => [
        path,
        error.code,
        quarantined === true,
        /needs \S+|line \d+/.exec(error.message)?.[0],
      ]),
    ).toEqual([
      ['a-writes.py', 'MANIFEST_INVALID', true, 'line 3'],
      ['c-network.py', 'MANIFEST_INVALID', true, 'line 1'],
      ['e-broken.py', 'MANIFEST_INVALID', false, expect.anything()],
      ['f-fetches.js', 'MANIFEST_INVALID', true, 'line 4'],
      ['h-deletes.js', 'MANIFEST_INVALID', true, 'line 2'],
      ['j-star.py', 'MANIFEST_INVALID', false, 'line 2'],
    ]);
    expect(skipped[0]?.error.message).toMatch(/open\(args\['p'\], 'w'\).*needs fs\.write/);
    expect(skipped[0]?.error.hint).toMatch(/"capabilities": \["fs\.write"\]/);
    expect(codeOf(await runtime.tools.call('c', { url: 'http://a' }))).toBe('TOOL_NOT_FOUND');
    expect((await runtime.tools.call('d')).text).toBe('x');
    await runtime.close();
  },
);

test('javascriptNeeds() reads words, not texts and comments, in one pass', verifies('MK-07'), () => {
  const of = (code: string): readonly string[] =>
    javascriptNeeds(code).map(({ capability, line }) => `${capability} ${line ?? ''}`);
  expect(of(`/* fetch */ const a = "fetch(1)"; a.fetch; ({ fetch: 1 })`)).toEqual([]);
  expect(of('\n\nawait fetch(x); new WebSocket(y)')).toEqual(['http 3', 'ws 3']);
  expect(of(`\`\${fetch(x)}\``)).toEqual(['http 1']);
  expect(of(`const { writeFileSync } = require('fs'); writeFileSync('/tmp/x')`)).toEqual([]);
  expect(of('readFile(x)')).toEqual([]);
  for (const hostile of [
    '"'.repeat(200_000),
    '/*'.repeat(100_000),
    "'\\".repeat(100_000),
    '{a'.repeat(100_000),
  ])
    expect(of(hostile)).toEqual([]);
});
