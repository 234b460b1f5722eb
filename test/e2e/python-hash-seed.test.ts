import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime, type ScriptRun } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

const HASHES: ScriptRun = {
  language: 'python',
  code: "[hash(it) for it in ('x', b'y', ('x', 1), frozenset({'x'}), __import__('datetime').date(2026, 1, 2))]",
};
const answerOf = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error);

describe('the hash secret of Python', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({ cache: TEST_CACHE });
  });
  afterAll(() => runtime.close());
  const pythonOf = async (options: Partial<ScriptRun> & { readonly code: string }): Promise<unknown> =>
    answerOf(await runtime.run({ language: 'python', ...options }));

  test('is another in each run, warm or not, at every level, with more memory too', async () => {
    const seen: unknown[] = [];
    for (const level of ['standard', 'standard', 'standard', 'maximum'] as const)
      seen.push(await pythonOf({ ...HASHES, level }));
    seen.push(await pythonOf({ ...HASHES, limits: { memoryBytes: 600 * 1024 * 1024 } }));
    for (const value of seen) expect(value).toEqual([0, 1, 2, 3, 4].map(() => expect.any(Number)));
    for (const kind of [0, 1, 2, 3, 4])
      expect(new Set(seen.map((value) => (value as number[])[kind])).size).toBe(seen.length);
  });

  test('orders sets in another way each time', async () => {
    // CPython mixes the secret into short texts by one XOR: a few letters have few orders.
    const code = "list({f'a longer text {n}' for n in range(200)})";
    const seen = await Promise.all([0, 1, 2].map(() => pythonOf({ code })));
    expect(new Set(seen.map(String)).size).toBe(seen.length);
  });

  test('is that of the seed 0 where the caller gives a seed: on every machine, with the same fuel', async () => {
    const deterministic = { seed: 7, now: 0 };
    await using other = createRuntime({ cache: TEST_CACHE });
    const runs = [runtime, runtime, other].map((one) => one.run({ ...HASHES, deterministic }));
    const [first, ...more] = await Promise.all(runs);
    expect(first).toMatchObject({ ok: true });
    for (const outcome of more) {
      expect(answerOf(outcome)).toEqual(first === undefined ? undefined : answerOf(first));
      expect(outcome.usage.fuel).toBe(first?.usage.fuel);
    }
  });

  test('is kept by a session', async () => {
    const [one, other] = await Promise.all(
      ['one', 'other'].map((name) => runtime.sessions.open({ name, language: 'python' })),
    );
    const code = HASHES.code ?? '';
    const [first, again, elsewhere] = [
      await one?.run({ code }),
      await one?.run({ code }),
      await other?.run({ code }),
    ];
    expect(first).toMatchObject({ ok: true });
    if (first?.ok === true) {
      expect(again).toMatchObject({ ok: true, value: first.value });
      expect(elsewhere).not.toMatchObject({ value: first.value });
    }
    await Promise.all([one?.close(), other?.close()]);
  });

  test('leaves every table of the interpreter sound', async () => {
    const code = `
import gc, weakref
wrong, looked = [], {'dict': 0, 'set': 0, 'tuple': 0, 'text': 0, 'bytes': 0}
def look(kind, it, fine):
    looked[kind] += 1
    if not fine: wrong.append((kind, repr(it)[:200]))
def each(it):
    """What the collector does not hold is found from what it holds."""
    if type(it) is str: look('text', it, hash(it) == hash(it.encode('utf-8', 'surrogatepass').decode('utf-8', 'surrogatepass')))
    elif type(it) is bytes: look('bytes', it, hash(it) == hash(bytes(bytearray(it))))
    elif type(it) is tuple:
        try: look('tuple', it, hash(it) == hash(tuple(list(it))))
        except TypeError: pass
    if isinstance(it, dict):
        for key in list(it): look('dict', key, key in it)
    elif isinstance(it, (set, frozenset)):
        for key in list(it): look('set', key, key in it)
        if type(it) is frozenset: look('set', it, hash(it) == hash(frozenset(list(it))))
code_type = type(each.__code__)
seen, todo = set(), [(it,) for it in gc.get_objects()]
todo = [it for (it,) in todo]
while todo:
    it = todo.pop()
    if id(it) in seen or it is todo or it is seen: continue
    seen.add(id(it))
    each(it)
    if isinstance(it, code_type):
        todo += [it.co_consts, it.co_names, it.co_varnames, it.co_code, it.co_linetable, it.co_name, it.co_filename]
    elif not isinstance(it, (str, bytes, int)): todo += gc.get_referents(it)
[wrong[:10], len(wrong), looked]`;
    const value = await pythonOf({ code, limits: { fuel: 60_000_000_000, timeoutMs: 120_000 } });
    expect(value).toEqual([[], 0, expect.any(Object)]);
    const [, , looked] = value as [unknown, unknown, Record<string, number>];
    // Far fewer would say that the program looked at nothing.
    for (const [kind, least] of Object.entries({
      dict: 30_000,
      set: 1000,
      tuple: 10_000,
      text: 20_000,
      bytes: 5000,
    }))
      expect(looked[kind]).toBeGreaterThan(least);
  });

  test('leaves names found: attributes, interned text, modules, classes, caches', async () => {
    const code = `
import sys, collections, enum, functools, re, typing, weakref, datetime, hashlib, http, decimal, importlib
dynamic = ''.join(['up', 'per'])
checks = {
  'interned': sys.intern(dynamic) is sys.intern('upper'),
  'static': sys.intern(''.join(['__na', 'me__'])) is [name for name in vars(sys) if name == '__name__'][0],
  'attribute': getattr('a', dynamic)() == 'A',
  'builtin module': all(importlib.import_module(name) for name in ('_random', 'math', 'array', '_struct', 'unicodedata', '_bisect')),
  'frozen': 'SEEK_SET' in vars(__import__('os')),
  'enum': http.HTTPStatus(404) is http.HTTPStatus.NOT_FOUND and re.RegexFlag['IGNORECASE'] is re.I,
  'enum key': {http.HTTPMethod.GET: 1}[http.HTTPMethod('GET')] == 1,
  'typing': typing.Optional[int] == typing.Optional[int] and hash(typing.List[str]) == hash(typing.List[str]),
  'regular expressions': re.compile('(?P<name>a+)').match('aa')['name'] == 'aa',
  'date': {datetime.timezone.utc: 1}[datetime.timezone(datetime.timedelta(0))] == 1,
  'hashlib': hashlib.new('sha256', b'').hexdigest()[:8] == 'e3b0c442' and hashlib.sha3_256(b'').hexdigest()[:4] == 'a7ff',
  'a table of C names': __import__('_hmac').compute_digest(b'key', b'message', 'sha3_256').hex()[:4] == '0f43',
  'decimal': decimal.getcontext().prec == 28,
  'constant': 'b' in {'a', 'b', 'c'} and ('x', 'y') in {('x', 'y'): 1},
  'weak': len(weakref.WeakSet([functools.partial])) == 1,
  'singletons': {chr(n): n for n in range(256)}[chr(200)] == 200,
}
[name for name, fine in checks.items() if not fine]`;
    expect(await pythonOf({ code })).toEqual([]);
  });
});
