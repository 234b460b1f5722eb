import { beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../support/pyodide-parts.ts';
import { FILLED } from '../support/python-callbacks.ts';
import { verifies } from '../support/verifies.ts';

const MIB = 1024 * 1024;

describe('limits of a Python guest', verifies('LM-14'), () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });

  const nextRunWorks = async (): Promise<void> => {
    expect((await python.run('1 + 1')).result).toMatchObject({ kind: 'value', value: 2 });
  };

  /** What evades an interrupt handler, or a signal check, or an `except`. Each must end by fuel alone. */
  const ENDLESS: Readonly<Record<string, string>> = {
    'big power': '10 ** 10 ** 8',
    'big product': 'x = 3 ** 3_000_000\nwhile True: x * x',
    'catastrophic regex': "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    'regex in one call': "import re; re.search(r'(?:a|aa|aaa)*c', 'a' * 200)",
    'long sum': 'sum(range(10 ** 12))',
    'long max': 'max(range(10 ** 12))',
    'long any': 'any(x < 0 for x in range(10 ** 12))',
    'long collections.deque': 'import collections; collections.deque(iter(int, 1), maxlen=0)',
    'long set of int': 'set(iter(int, 1))',
    'long all': 'all(iter(lambda: True, False))',
    'long in': '-1 in iter(int, 1)',
    'itertools exhausted': 'import itertools; list(itertools.filterfalse(lambda x: True, itertools.count()))',
    'itertools product': 'import itertools; sum(1 for _ in itertools.product(range(100), repeat=20))',
    permutations: 'import itertools; len(max(itertools.permutations(range(20))))',
    'catch all': 'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
    'catch in function':
      'def f():\n  try:\n    while True: pass\n  except:\n    f()\n  finally:\n    f()\nf()',
    'deep finally': 'def f(n):\n  try:\n    while True: pass\n  finally:\n    f(n + 1)\nf(0)',
    'generator never ends':
      'def g():\n  while True:\n    try: yield\n    except BaseException: pass\nfor _ in g(): pass',
    'sort with endless key': 'sorted([3, 1, 2], key=lambda x: [y for y in iter(int, 1)])',
    'comparison that never ends': 'class A:\n  def __eq__(s, o):\n    while True: pass\nA() == A()',
    'hash that never ends': 'class A:\n  def __hash__(s):\n    while True: pass\n{A(): 1}',
    'del that never ends': 'class A:\n  def __del__(s):\n    while True: pass\nA()\n1',
    'repr that never ends': 'class A:\n  def __repr__(s):\n    while True: pass\nstr([A()])',
    'str.replace': "s = 'a' * 20_000_000\nwhile True: s.replace('a', 'b')",
    'str.find': "s = 'a' * 5_000_000; n = 'a' * 2_000_000 + 'b'\nwhile True: s.find(n)",
    'str.count': "s = 'ab' * 5_000_000\nwhile True: s.count('ba')",
    'bytes translate': 'b = bytes(20_000_000)\nwhile True: b.translate(bytes(256))',
    'join loop': "p = ['a' * 1000] * 10_000\nwhile True: ''.join(p)",
    'int to str': 'import sys; sys.set_int_max_str_digits(0); str(7 ** 4_000_000)',
    'str to int': "import sys; sys.set_int_max_str_digits(0); int('9' * 3_000_000)",
    gcd: 'import math\nwhile True: math.gcd(7 ** 200_000, 11 ** 150_000)',
    factorial: 'import math; math.factorial(10 ** 7)',
    comb: 'import math; math.comb(10 ** 7, 5 * 10 ** 6)',
    isqrt: 'import math\nwhile True: math.isqrt(10 ** 500_000)',
    'pow three': 'while True: pow(3, 10 ** 3000, 10 ** 3000 + 7)',
    'hash copy loop': "import hashlib\nh = hashlib.sha256()\nwhile True: h.copy().update(b'x' * 1000)",
    'hash loop': 'import hashlib\nwhile True: hashlib.sha256(bytes(10_000_000))',
    'zlib loop': 'import zlib\nwhile True: zlib.compress(bytes(5_000_000), 9)',
    'json dumps loop': 'import json\nx = [list(range(1000))] * 500\nwhile True: json.dumps(x)',
    'sorting loop': 'while True: sorted(range(500_000), key=lambda x: -x)',
    'list equality': 'a = [0] * 5_000_000; b = [0] * 5_000_000\nwhile True: a == b',
    'dict collisions':
      'class A:\n  def __hash__(s): return 1\n  def __eq__(s, o): return False\n{A(): i for i in range(10 ** 6)}',
    'decimal power':
      'import decimal; decimal.getcontext().prec = 100_000\nwhile True: decimal.Decimal(2).sqrt()',
    fractions: 'from fractions import Fraction\nx = Fraction(1, 3)\nwhile True: x = x * x + 1',
    'async storm':
      'import asyncio\nasync def f():\n  while True: await asyncio.sleep(0)\nawait asyncio.gather(*(f() for _ in range(50)))',
    'async callbacks':
      'import asyncio\nloop = asyncio.get_event_loop()\ndef again(): loop.call_soon(again)\nagain()\nawait asyncio.sleep(3600)',
    'micro tasks': 'import asyncio\nasync def f():\n  t = asyncio.ensure_future(f())\n  await t\nawait f()',
    'signal handlers ignored':
      'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass',
    atexit: 'import atexit\n@atexit.register\ndef f():\n  while True: pass\n1',
    'del of a global at the end': 'class A:\n  def __del__(s):\n    while True: pass\na = A()\n1',
    'flush at the end':
      "import sys\nsys.f = open('/tmp/x', 'w')\ndef flush():\n  while True: pass\nsys.f.flush = flush\n1",
    excepthook:
      'import sys\ndef hook(*a):\n  while True: pass\nsys.excepthook = hook\nclass E(Exception):\n  def __str__(s):\n    while True: pass\nraise E',
    'value form':
      'import collections.abc\nclass M(collections.abc.Mapping):\n  def __len__(s): return 1\n  def __iter__(s): return iter(int, 1)\n  def __getitem__(s, k): return 1\nM()',
    'struct iter': "import struct\nb = bytes(10_000_000)\nwhile True: list(struct.iter_unpack('B', b))",
    difflib:
      "import difflib; difflib.SequenceMatcher(None, 'ab' * 4000, 'ba' * 4000).ratio()\nwhile True: difflib.SequenceMatcher(None, 'ab' * 400, 'ba' * 400).ratio()",
    'descriptor that never ends':
      'class D:\n  def __get__(s, o, t):\n    while True: pass\nclass A: x = D()\nA().x',
    'metaclass call':
      'class M(type):\n  def __call__(c):\n    while True: pass\nclass A(metaclass=M): pass\nA()',
    'isinstance hook':
      'class M(type):\n  def __instancecheck__(c, o):\n    while True: pass\nclass A(metaclass=M): pass\nisinstance(1, A)',
    'exit that starts again':
      'class C:\n  def __enter__(s): return s\n  def __exit__(s, *a):\n    while True: pass\nwith C(): raise KeyError',
    'trace function': 'import sys\ndef t(*a):\n  while True: pass\nsys.settrace(t)\n(lambda: 1)()',
    'audit hook':
      'import sys\ndef h(*a):\n  while True: pass\nsys.addaudithook(h)\ncompile("1", "x", "eval")',
    'collector callback': 'import gc\ndef f(*a):\n  while True: pass\ngc.callbacks.append(f)\ngc.collect()',
    'weak reference callback':
      'import weakref\nclass A: pass\na = A()\ndef f(r):\n  while True: pass\nr = weakref.ref(a, f)\ndel a\n1',
    'error handler of a codec':
      "import codecs\ncodecs.register_error('mine', lambda e: [y for y in iter(int, 1)])\n'é'.encode('ascii', 'mine')",
    'import hook':
      'import sys\nclass F:\n  @staticmethod\n  def find_spec(*a):\n    while True: pass\nsys.meta_path.insert(0, F)\nimport nothing_of_this_name',
    'callback of re.sub': "import re\nre.sub('a', lambda m: [y for y in iter(int, 1)], 'a')",
    'comparison function of sorted':
      'import functools\ndef f(a, b):\n  while True: pass\nsorted([3, 1, 2], key=functools.cmp_to_key(f))',
    'closing a generator that goes on':
      'def g():\n  while True:\n    try: yield\n    finally:\n      while True: pass\nx = g()\nnext(x)\nx.close()',
    'cancelled task that goes on':
      'import asyncio\nasync def f():\n  while True:\n    try: await asyncio.sleep(0)\n    except asyncio.CancelledError: pass\nt = asyncio.ensure_future(f())\nawait asyncio.sleep(0)\nt.cancel()\nawait t',
    'awaitable without end': 'class A:\n  def __await__(s):\n    while True: yield\nawait A()',
    'unraisable hook':
      'import sys\ndef h(*a):\n  while True: pass\nsys.unraisablehook = h\nclass A:\n  def __del__(s): raise KeyError\nA()\n1',
    'catching the end of recursion':
      'def f():\n  try: f()\n  except RecursionError: f()\n  finally:\n    try: f()\n    except BaseException: f()\nf()',
    'format of a format': "class A:\n  def __format__(s, spec):\n    while True: pass\nf'{A():{A()}}'",
    'slices of slices': 's = bytes(10_000_000)\nwhile True: s[::2]',
    'splitting loop': "s = 'a,' * 1_000_000\nwhile True: s.split(',')",
    'normalising loop':
      "import unicodedata\ns = '\\u0344' * 200_000\nwhile True: unicodedata.normalize('NFD', s)",
    'long comparison of tuples': 'a = (0,) * 5_000_000; b = (0,) * 5_000_000\nwhile True: a < b',
    'division of big integers': 'x = 7 ** 300_000; y = 3 ** 200_000\nwhile True: divmod(x, y)',
    'reading a syntax tree':
      "import ast\ns = '1+' * 20_000 + '1'\nwhile True:\n  try: ast.parse(s)\n  except BaseException: pass",
    'compiling loop':
      "s = '\\n'.join(f'x{i} = {i}' for i in range(5000))\nwhile True: compile(s, 'x', 'exec')",
    'pickling loop':
      'import pickle\nx = [list(range(100))] * 1000\nwhile True: pickle.loads(pickle.dumps(x))',
    'python under a JavaScript callback': `${FILLED}def f():\n  while True: pass\nstr(filled(toString=create_proxy(f)))`,
    'python under nested callbacks': `${FILLED}def f():\n  try:\n    while True: pass\n  except BaseException: return str(filled(toString=create_proxy(f)))\nstr(filled(toString=create_proxy(f)))\n1`,
  };

  test.each(Object.entries(ENDLESS))('%s ends by fuel', async (_name, code) => {
    const { result } = await python.run(code, { limits: { fuel: 400_000_000 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
    expect(result.fuel).toBeGreaterThanOrEqual(400_000_000);
  });

  test('after all of them the next run works', nextRunWorks);

  test.each(['deadline', 'cancelled'] as const)(
    'a native loop ends when the host says %s',
    async (reason) => {
      let polls = 0;
      const { result } = await python.run('sum(range(10 ** 12))', {
        host: {
          stopReason: () => {
            polls += 1;
            return polls > 3 ? reason : undefined;
          },
        },
      });
      expect(result).toMatchObject({ kind: 'limit', limit: reason });
      await nextRunWorks();
    },
  );

  test.each([
    ['list', 'x = []\nwhile True: x.append(bytearray(1 << 20))'],
    ['one large', 'bytearray(200 << 20)'],
    ['string', "'x' * (200 << 20)"],
    ['doubling', "x = 'x'\nwhile True: x = x + x"],
    ['dict', '{i: i for i in range(10 ** 9)}'],
    ['nested', 'x = []\nwhile True: x = [x, x[:]]'],
    ['big integer', '1 << (1 << 31)'],
    ['format', "f'{1:>300000000}'"],
  ])('allocation: %s ends with a memory limit', async (_name, code) => {
    const { result } = await python.run(code, { limits: { memoryBytes: 64 * MIB } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory', growthRefused: true });
    expect(result.memoryBytes).toBeLessThanOrEqual(64 * MIB);
    await nextRunWorks();
  });

  test('30 MB fit into 64 MiB', async () => {
    const { result } = await python.run('len(bytearray(28 << 20))', { limits: { memoryBytes: 64 * MIB } });
    expect(result).toMatchObject({ kind: 'value', growthRefused: false });
  });

  test('a MemoryError that the guest makes itself is only an exception', async () => {
    const { result } = await python.run("raise MemoryError('mine')");
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'MemoryError' } });
  });

  test('buffers outside wasm count too', async () => {
    const { result } = await python.run(
      'from pyodide.ffi import to_js\nkept = []\ndata = bytes(16 << 20)\nwhile True: kept.append(to_js(data))',
      { limits: { memoryBytes: 128 * MIB } },
    );
    expect(result).toMatchObject({ kind: 'limit', limit: 'memory' });
    const bomb = await python.run(
      'from pyodide.ffi import to_js\nto_js(b"x").constructor.new(8_000_000_000)',
    );
    expect(bomb.result.kind).not.toBe('value');
    for (const call of ['take(0, 6_000_000_000)', "call('a.b', '{}', to_js({'length': 6_000_000_000}))"]) {
      const { result: refused } = await python.run(
        `from pyodide.ffi import to_js\nimport _sandglass_host as h\nkept = []\nwhile True: kept.append(h._host.${call})`,
        { limits: { fuel: 500_000_000 } },
      );
      expect(refused.kind).toMatch(/limit|threw/);
    }
    await nextRunWorks();
  });

  test('recursion is a RecursionError, and json of 100,000 brackets is an exception', async () => {
    expect((await python.run('def f(): f()\nf()')).result).toMatchObject({
      kind: 'threw',
      error: { name: 'RecursionError' },
    });
    expect((await python.run("import json; json.loads('[' * 100_000)")).result.kind).toMatch(
      /threw|limit|trapped/,
    );
    await nextRunWorks();
  });

  test('a value larger than the output budget ends the run', async () => {
    const { result } = await python.run("'x' * 2000", { limits: { outputBytes: 1000 } });
    expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
  });
});
