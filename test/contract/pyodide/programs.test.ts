import { beforeAll, describe, expect, test } from 'vitest';
import { BUILTIN_NAMES } from '../../../runtime/engines/pyodide/builtin-names.ts';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

describe('a Python program', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const valueFrom = async (code: string, spec: object = {}): Promise<unknown> => {
    const { result, host } = await python.run(code, { spec });
    if (result.kind !== 'value') throw new Error(`${JSON.stringify(result)} ${host.stderr()}`);
    return result.value;
  };

  test.each([
    ['none for a statement', 'x = 1', undefined],
    ['None', 'None', undefined],
    ['a call that answers None', 'print(end="")', undefined],
    ['None inside', '[None, {"a": None}]', [null, { a: null }]],
    ['a number that JSON lacks', 'float("nan")', Number.NaN],
    ['numbers', '[1, -2, 1.5, True, 2**53 - 1]', [1, -2, 1.5, true, 2 ** 53 - 1]],
    ['large integers', '[2**53, -(2**64)]', [2n ** 53n, -(2n ** 64n)]],
    [
      'what is not finite',
      "[float('nan'), {'a': -float('inf')}]",
      [Number.NaN, { a: Number.NEGATIVE_INFINITY }],
    ],
    ['text', "'hé😀\\n'", 'hé😀\n'],
    [
      'bytes',
      "{'b': b'\\x00\\xff', 'a': bytearray(b'x')}",
      { b: new Uint8Array([0, 255]), a: new Uint8Array([120]) },
    ],
    ['sets and ranges', '[{3}, frozenset([4]), range(2), (1, 2)]', [[3], [4], [0, 1], [1, 2]]],
    [
      'keys',
      "{1: 'a', None: 'b', True: 'c', 'k': 'd', (1, 2): 'e'}",
      { '1': 'c', null: 'b', k: 'd', '(1, 2)': 'e' },
    ],
    ['a key named __proto__', "{'__proto__': {'x': b'1'}}", JSON.parse('{"__proto__":{"x":null}}')],
    [
      'dataclasses',
      'from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\n  y: list\nP(1, [P(2, [])])',
      { x: 1, y: [{ x: 2, y: [] }] },
    ],
    ['named tuples', "from collections import namedtuple\nnamedtuple('T', 'a b')(1, 2)", { a: 1, b: 2 }],
    [
      'dates',
      'import datetime as d\n[d.datetime(2026, 1, 2, 3, 4), d.date(2026, 1, 2), d.timedelta(minutes=1)]',
      ['2026-01-02T03:04:00', '2026-01-02', 60],
    ],
    [
      'decimals and the like',
      "import decimal, uuid, pathlib, enum\nclass E(enum.Enum):\n  A = 'x'\n[decimal.Decimal('1.10'), uuid.UUID(int=1), pathlib.Path('/a'), E.A]",
      ['1.10', '00000000-0000-0000-0000-000000000001', '/a', 'x'],
    ],
  ])('answers %s', async (name, code, expected) => {
    const value = await valueFrom(code);
    if (name === 'a key named __proto__') {
      expect(Object.keys(value as object)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    } else expect(value).toEqual(expected);
  });

  test('answers what nests too deep as text', async () => {
    const { result } = await python.run('x = 1\nfor _ in range(500): x = [x]\nx');
    expect(result).toMatchObject({
      kind: 'value',
      form: 'text',
      value: `${'['.repeat(500)}1${']'.repeat(500)}`,
    });
  });

  test('has its arguments, environment, inputs, stdin and name', async () => {
    expect(
      await valueFrom(
        'import os, sys\ntitle.append(1)\n[sys.argv, dict(os.environ), title, input(), sys.stdin.read(), __name__, __file__]',
        {
          argv: ['a', 'b'],
          env: { LANG: 'C' },
          inputs: { title: ['x'] },
          stdin: new TextEncoder().encode('one\ntwo\n'),
        },
      ),
    ).toEqual([
      ['main.py', 'a', 'b'],
      { HOME: '/tmp', LANG: 'C' },
      ['x', 1],
      'one',
      'two\n',
      '__main__',
      'main.py',
    ]);
  });

  test("knows its own module's annotations", async () => {
    expect(
      await valueFrom(
        "import sys, typing\nmain = sys.modules['__main__']\nx: int = 1\ny: list[str]\n[str(main.__annotations__), str(typing.get_type_hints(main))]",
      ),
    ).toEqual(["{'x': <class 'int'>, 'y': list[str]}", "{'x': <class 'int'>, 'y': list[str]}"]);
  });

  test('input() at the end of stdin is EOFError', async () => {
    const { result } = await python.run('input()');
    const hint = expect.stringContaining('--stdin=FILE');
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'EOFError', hint } });
  });

  test('breakpoint() without stdin says what it reads; PYTHONBREAKPOINT and a hook of the program hold', async () => {
    const { result } = await python.run('breakpoint()');
    expect(result).toMatchObject({
      kind: 'threw',
      error: {
        name: 'RuntimeError',
        message: expect.stringMatching(/^Cannot stop at a breakpoint: /),
        hint: expect.stringContaining('--stdin=FILE'),
      },
    });
    const off = { spec: { env: { PYTHONBREAKPOINT: '0' } } };
    expect((await python.run('breakpoint()', off)).result).toMatchObject({ kind: 'value', value: undefined });
    const hooked = 'import sys\nsys.breakpointhook = lambda *args: args\nbreakpoint(1)';
    expect((await python.run(hooked)).result).toMatchObject({ kind: 'value', value: [1] });
  });

  test('breakpoint() with stdin is the debugger, in the frame of the program', async () => {
    const { result, host } = await python.run('def f(x):\n    breakpoint()\n    return x\nf(41)', {
      spec: { stdin: new TextEncoder().encode('p x + 1\nc\n') },
    });
    expect([result, host.stdout()]).toMatchObject([{ value: 41 }, expect.stringContaining('(Pdb) 42\n')]);
  });

  test('awaits at the top level, and runs asyncio.run, gather, timeout and TaskGroup', async () => {
    expect(
      await valueFrom(`
import asyncio
async def f(x):
    await asyncio.sleep(0.001)
    return x
async def late():
    try:
        async with asyncio.timeout(0.001): await asyncio.sleep(3600)
    except TimeoutError: return 'late'
async def group():
    async with asyncio.TaskGroup() as g: tasks = [g.create_task(f(i)) for i in range(3)]
    return [t.result() for t in tasks]
[await f(1), asyncio.run(f(2)), await asyncio.gather(f(3), f(4)), await late(), asyncio.run(group()), asyncio.get_event_loop().run_until_complete(f(5))]
`),
    ).toEqual([1, 2, [3, 4], 'late', [0, 1, 2], 5]);
  });

  test('time.sleep waits on the host', async () => {
    const { result, host } = await python.run('import time; time.sleep(0.01); time.sleep(0)');
    expect(result.kind).toBe('value');
    expect(host.stderr()).toBe('');
    expect((await python.run('import time; time.sleep(-1)')).result).toMatchObject({
      kind: 'threw',
      error: { name: 'ValueError' },
    });
  });

  test("a traceback shows the guest's own lines, causes and notes included", async () => {
    const { result, host } = await python.run(
      'import json\ndef load(text):\n    return json.loads(text)\ntry:\n    load("{")\nexcept ValueError as e:\n    raise KeyError("k") from e',
    );
    expect(result).toMatchObject({
      kind: 'threw',
      error: { name: 'KeyError', message: "'k'", file: 'main.py', line: 7 },
    });
    expect(host.stderr()).toContain('File "main.py", line 3, in load');
    expect(host.stderr()).toContain('direct cause');
    expect(host.stderr()).not.toMatch(/python314|_sandglass|_pyodide|site-packages/);
  });

  test('a syntax error names its line', async () => {
    const { result, host } = await python.run('x = 1\nif x\n  y');
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'SyntaxError', file: 'main.py', line: 2 } });
    expect(host.stderr()).toContain('if x');
  });

  test('imports the modules that come with the run', async () => {
    const { result } = await python.run('import helper, pkg.part\n[helper.X, pkg.part.y()]', {
      modules: { 'helper.py': 'X = 1', 'pkg/__init__.py': '', 'pkg/part.py': 'def y(): return 2' },
    });
    expect(result).toMatchObject({ kind: 'value', value: [1, 2] });
  });

  test.each([
    ['3', 3],
    ['0', 0],
    ['', 0],
    ["'text'", 1],
    ['-1', 255],
  ])('sys.exit(%s) is a status', async (argument, exitCode) => {
    const { result } = await python.run(
      `import sys, atexit\natexit.register(print, 'bye')\nsys.exit(${argument})`,
    );
    expect(result).toMatchObject({ kind: 'exit', exitCode });
  });

  test('random differs from run to run, and repeats with a seed', async () => {
    const code = 'import random, os; [random.random(), os.urandom(4).hex()]';
    expect(await valueFrom(code)).not.toEqual(await valueFrom(code));
  });

  test('an option that is not known is refused', async () => {
    await expect(python.run('1', { spec: { options: { sandbox: false } } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('the rules for a Python program', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });
  const run = async (code: string, options: Record<string, unknown>) => {
    const { result } = await python.run(code, { spec: { options: options as never } });
    return result.kind === 'threw' ? `${result.error.name}: ${result.error.message}` : result;
  };

  test('imports limits what the program imports, not what that imports', async () => {
    expect(await run('import math, json; json.dumps(math.pi)', { imports: ['math', 'json'] })).toMatchObject({
      kind: 'value',
    });
    for (const code of [
      'import os',
      "__import__('os')",
      'import os.path',
      'from os import path',
      'def f():\n  import os\nf()',
      "exec('import os')",
      'eval(\'__import__("os")\')',
    ]) {
      expect(await run(code, { imports: ['math'] })).toMatch(
        /Refused: Cannot import os(\.path)?: this run allows math/,
      );
    }
    expect(await run("import importlib; importlib.import_module('os')", { imports: ['importlib'] })).toMatch(
      /Cannot import os/,
    );
    expect(await run("import importlib; importlib.import_module('os')", { imports: ['math'] })).toMatch(
      /Cannot import importlib/,
    );
  });

  test('block takes builtins from the program, not from libraries', async () => {
    const options = { block: ['eval', 'exec', 'open'] };
    for (const [code, name] of [
      ['eval("1")', 'eval'],
      ['exec("x = 1")', 'exec'],
      ['open("f")', 'open'],
      ["__builtins__['eval']('1')", 'eval'],
      ["getattr(__builtins__, 'ev' + 'al')('1')", 'eval'],
      ["import builtins; builtins.eval('1')", 'eval'],
      ["e = eval\ne('1')", 'eval'],
      ["(lambda: eval('1'))()", 'eval'],
    ] as const) {
      expect(await run(code, options)).toBe(`Blocked: Cannot call ${name}: this run blocks it`);
    }
    expect(
      await run(
        "import json, collections; [json.loads('1'), collections.namedtuple('T', 'a')(1).a]",
        options,
      ),
    ).toMatchObject({ kind: 'value', value: [1, 1] });
  });

  test('the safe preset takes the interpreter itself away', async () => {
    const options = { preset: 'safe' };
    for (const code of [
      '().__class__.__bases__[0].__subclasses__()',
      "open('x')",
      'import os',
      "getattr((), '__class__')",
      '(lambda: 1).__globals__',
      '__builtins__',
    ]) {
      expect(await run(code, options)).toMatch(/^(Blocked|Refused): /);
    }
    expect(
      await run(
        'import statistics\nclass A:\n  def __init__(self): self.x = statistics.mean([1, 2, 3])\nA().x',
        options,
      ),
    ).toMatchObject({ kind: 'value', value: 2 });
  });

  test('ordinary classes are written under the safe preset, and what it refuses has its line', async () => {
    const code = `class A:
  __match_args__ = ('x',)
  __hash__ = None
  def __new__(cls, x): return super().__new__(cls)
  def __init__(self, x): self.x = x
  def __add__(self, other): return A(self.x + other.x)
  __radd__ = __add__
match A(1) + A(2):
  case A(x): pass
x`;
    const options = { preset: 'safe' };
    expect(await run(code, options)).toMatchObject({ kind: 'value', value: 3 });
    const { result } = await python.run('x = 1\nx.__class__', { spec: { options } });
    expect(result).toMatchObject({ kind: 'threw', error: { name: 'Blocked', file: 'main.py', line: 2 } });
  });

  test("the names that block takes are the interpreter's builtins", async () => {
    const { result } = await python.run('import builtins\n[n for n in dir(builtins) if n[0] != "_"]');
    expect(result).toMatchObject({ kind: 'value' });
    expect([...BUILTIN_NAMES].sort()).toEqual(
      result.kind === 'value' && Array.isArray(result.value) ? [...result.value].sort() : [],
    );
  });

  test('malformed rules are refused', async () => {
    for (const options of [
      { imports: 'os' },
      { imports: ['a b'] },
      { block: [1] },
      { block: ['evall'] },
      { block: ['os.system'] },
      { preset: 'none' },
    ]) {
      await expect(run('1', options)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });
});
