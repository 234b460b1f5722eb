import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

const HOST = 'import _sandglass_host as h\nfrom pyodide.ffi import to_js\n';

/** What a Python guest hands to the other side: only texts and bytes of a size that is looked at before anything reads them. */
describe('what crosses from Python to its cell', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      cells: { warm: 1, maxCells: 2 },
    });
  });
  afterAll(() => runtime.close());

  const run = (code: string, limits = {}): Promise<Outcome> =>
    runtime.run({ language: 'python', code: HOST + code, limits: { timeoutMs: 20_000, ...limits } });

  test.each([
    ['a list as a report', "h._host.report(to_js(['[0', '0]']))"],
    ['a list as an operation', "h._host.call(to_js(['fs.stat']), '{}')"],
    ['a list as arguments', "h._host.call('fs.stat', to_js(['{}']))"],
    ['an object as arguments of a later call', "await h._host.call_later('fs.stat', to_js({'a': 1}))"],
    ['a list as a time', 'h._host.sleep(to_js([1]))'],
    ['a list as a size', 'h._host.take(0, to_js([8]))'],
    ['a list as a body', "h._host.call('fs.stat', '{}', to_js([1, 2]))"],
    ['a number as a body', "h._host.call('fs.stat', '{}', 8)"],
    [
      'a view of other elements as a body',
      "import array\nh._host.call('fs.stat', '{}', to_js(array.array('d', [1])))",
    ],
    ['the host itself as a report', 'h._host.report(h._host)'],
  ])('%s is refused', async (_name, body) => {
    const outcome = await run(
      `from pyodide.ffi import JsException\ntry:\n  ${body.replaceAll('\n', '\n  ')}\nexcept JsException: r = 'refused'\nr`,
    );
    expect(outcome).toMatchObject({ ok: true, value: 'refused', usage: { hostCalls: {} } });
  });

  test('long arguments are paid for by their length', async () => {
    const outcome = await run(`text = '{"path": "' + 'x' * 4_000_000 + '"}'
for n in range(8):
  h._host.call('fs.stat', text)
h._host.call('x' * 4_000_000, '{}')`);
    expect(outcome.usage.fuel).toBeGreaterThan(9 * 4 * 4_000_000);
  });

  test('what says that it has a length has none', async () => {
    const code = `from pyodide.ffi import JsException
try: h._host.call('a', 'not json')
except JsException as x: e = x
e.length = 260_000_000
try: h._host.call('fs.stat', '{}', e)
except JsException: e = 'refused'
e`;
    expect(await run(code)).toMatchObject({ ok: true, value: 'refused' });
  });

  test.each([
    ['more than any report', "'[' + '0,' * 20_000_000 + '0]'", 'GUEST_THREW'],
    ['more than the output may be', "'x' * 12_000_000", 'OUTPUT_EXCEEDED'],
    ['lists without end', "'[' * 3_000_000", 'OUTPUT_EXCEEDED'],
    ['nested lists', "'[' * 10_000 + ']' * 10_000", 'GUEST_TRAPPED'],
    ['many small lists', `'{"value":{"tree":[' + '[],' * 2_000_000 + '0],"leaves":[]}}'`, 'OUTPUT_EXCEEDED'],
    [
      'many small objects',
      `'{"value":{"tree":[' + '{},' * 1_000_000 + '0],"leaves":[]}}'`,
      'OUTPUT_EXCEEDED',
    ],
    [
      'very many leaves',
      `'{"value":{"tree":0,"leaves":[' + '[[],"int","0x1"],' * 500_000 + '0]}}'`,
      'OUTPUT_EXCEEDED',
    ],
    [
      'a number in tens',
      `'{"value":{"tree":0,"leaves":[[[],"int","' + '9' * 1_000_000 + '"]]}}'`,
      'GUEST_TRAPPED',
    ],
    ['a place that is a list', `'{"value":{"tree":[0],"leaves":[[[[0]],"int","0x1"]]}}'`, 'GUEST_TRAPPED'],
  ])('a report of %s ends its run as %s', async (_name, text, code) => {
    const outcome = await run(`h._host.report(${text})`);
    expect(outcome).toMatchObject({ ok: false, error: { code } });
  });

  test('a forged error is cut as an honest one is, and is output', async () => {
    const long = (letter: string): string => `'"' + '${letter}' * 3_000_000 + '"'`;
    const code = `h._host.report('{"error":{"name":' + ${long('N')} + ',"message":' + ${long('M')} + ',"line":1}}')`;
    const outcome = await run(code, { outputBytes: 2_000_000 });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW' },
      usage: { outputBytes: 10_000 },
    });
    expect(outcome.ok ? '' : outcome.error.message).toHaveLength(200 + 2 + 10_000);
    const all = `h._host.report('{"error":{"stack":"' + 'S' * 100_000 + '","file":"' + 'F' * 1_000 + '"}}')`;
    expect(await run(all)).toMatchObject({
      ok: false,
      error: { details: { stack: 'S'.repeat(20_000), file: 'F'.repeat(200) } },
    });
    expect(await run(all, { outputBytes: 1_000 })).toMatchObject({
      ok: false,
      error: { code: 'OUTPUT_EXCEEDED' },
    });
  });

  test('a file that was looked for and not there is no hint for what ends the program later; a denial is', async () => {
    const code = (path: string): string => `import sys
try: open('${path}')
except OSError: pass
sys.exit(1)`;
    const none = await run(code('/tmp/none'));
    expect(none.ok ? '' : none.error.hint).toBeUndefined();
    const denied = await run(code('/etc/passwd'));
    expect(denied.ok ? '' : denied.error.hint).toMatch(/^The run was refused a host call: /);
  });

  test.each([
    ['many small lists', `'{"a":[' + '[],' * 3_000_000 + '0]}'`],
    ['a long text', `'{"a":"' + 'x' * 9_000_000 + '"}'`],
    ['more than crosses at all', `'{"a":"' + 'x' * 30_000_000 + '"}'`],
    ['very deep nesting', `'{"a":' + '[' * 1_000 + ']' * 1_000 + '}'`],
  ])('arguments of %s are refused before they are read', async (_name, text) => {
    const code = `from pyodide.ffi import JsException
import json
try: r = json.loads(h._host.call('fs.stat', ${text}))['refusal']['code']
except Exception: r = 'refused'
r`;
    const outcome = await run(code);
    expect(outcome).toMatchObject({ ok: true, usage: { ingressBytes: 0, egressBytes: 0 } });
    expect(['INPUT_INVALID', 'CAPABILITY_DENIED', 'refused']).toContain(outcome.ok ? outcome.value : '');
  });

  test('a name of millions of characters is the name of nothing', async () => {
    const code = `import json\nr = json.loads(h._host.call('fs.stat' * 1_000_000, '{}'))['refusal']\n[r['code'], len(r['message']) < 300]`;
    expect(await run(code)).toMatchObject({ ok: true, value: ['UNSUPPORTED', true] });
  });

  test.each([
    ['absolute', "'/' * 150_000_000"],
    ['relative', "'a/' * 60_000_000"],
    ['in the scratch folder', "'/tmp' + '/x' * 4_000"],
  ])('a path of too many parts, %s, is an error of its own', async (_name, path) => {
    const code = `import os, errno\ntry: os.stat(${path})\nexcept OSError as e: r = e.errno == errno.ENAMETOOLONG\nr`;
    expect(await run(code)).toMatchObject({ ok: true, value: true });
  });

  test('texts of all widths arrive as they were sent, and so do large numbers', async () => {
    const code = `from pyodide.ffi import run_js
import json
r = []
for c in ('a', 'é', '語', '🎉', '\\ud800'):
  t = 'x' + c * 5000 + 'y'
  r.append(str(to_js([t])) == t)
for n in (2**53, -2**53, 2**4000 + 1, -(2**4000) - 1, 2**31999 - 1, -(2**32000)):
  r.append(int(str(to_js([n]))) == n if n.bit_length() < 14000 else to_js([n])[0] == n)
r`.replace('from pyodide.ffi import run_js\n', '');
    expect(await run(code)).toMatchObject({ ok: true, value: Array.from({ length: 11 }, () => true) });
  });
});
