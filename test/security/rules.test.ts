import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type JsonValue, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-17', 'EX-18', 'EX-19');

/** The rules for a program's own code, as options of a run: depth, not the boundary. */
let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

/** Both ends: the caller's thread (of JavaScript; Python has a worker), and a process. */
const LEVELS = ['minimal', 'maximum'] as const;
const BLOCK = ['eval', 'exec', 'open'];

/** What is refused ends the run uncaught, with the name of what it was. */
async function refusedBy(
  language: string,
  options: Record<string, JsonValue>,
  attempts: readonly (readonly [code: string, name: string])[],
  level: (typeof LEVELS)[number],
): Promise<void> {
  for (const [code, name] of attempts) {
    const outcome = await runtime.run({ language, code, options, level });
    expect(outcome, code).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining(name) },
      usage: { hostCalls: {} },
    });
  }
}

/** Several attempts in one program, each caught: how many were refused by the rule. */
const allRefused = async (language: string, options: Record<string, JsonValue>, code: string) => {
  const outcome = await runtime.run({ language, code, options });
  expect(outcome).toMatchObject({ ok: true });
  return outcome.ok ? outcome.value : undefined;
};

describe.each(LEVELS)('imports, at level %s', (level) => {
  test('Python imports what is listed; all else is refused by name', async () => {
    const options = { imports: ['math'] };
    expect(
      await runtime.run({ language: 'python', code: 'import math; math.floor(2.5)', options, level }),
    ).toMatchObject({ ok: true, value: 2 });
    await refusedBy('python', options, [['import os', 'os']], level);
  });

  test('JavaScript and TypeScript import what is listed; all else is refused by name', async () => {
    for (const language of ['javascript', 'typescript']) {
      const options = { imports: ['node:path', 'lib'] };
      expect(
        await runtime.run({
          language,
          code: "import { join } from 'node:path'; import n from 'lib'; export default join('a', n)",
          modules: { lib: "export default 'b'", other: '' },
          options,
          level,
        }),
      ).toMatchObject({ ok: true, value: 'a/b' });
      await refusedBy(
        language,
        options,
        [
          ["import 'node:fs'", 'node:fs'],
          ["await import('node:' + 'fs')", 'node:fs'],
        ],
        level,
      );
    }
  });
});

test('Python reaches no other module by other ways', async () => {
  const ways = [
    "__import__('os')",
    "__builtins__['__import__']('os')",
    "importlib.import_module('os')",
    "exec('import os')",
    'eval(\'__import__("os")\')',
    "importlib.__import__('os')",
  ];
  const code = `import math, importlib
refused = []
for way in ${JSON.stringify(ways)}:
  try:
    eval(way)
  except BaseException as error:
    refused.append('os' in str(error))
refused`;
  expect(await allRefused('python', { imports: ['math', 'importlib'] }, code)).toEqual(ways.map(() => true));
});

test('what is imported imports what it needs', async () => {
  expect(
    await runtime.run({
      language: 'python',
      code: 'import json, csv, statistics; json.dumps(statistics.mean([1, 2, 3]))',
      options: { imports: ['json', 'csv', 'statistics'] },
    }),
  ).toMatchObject({ ok: true, value: '2' });
});

describe.each(LEVELS)('block, at level %s', (level) => {
  test('Python builtins are taken from the program, each by name, and not from libraries', async () => {
    await refusedBy(
      'python',
      { block: BLOCK },
      [
        ['eval("1")', 'Cannot call eval'],
        ['open("f")', 'Cannot call open'],
      ],
      level,
    );
    expect(
      await runtime.run({
        language: 'python',
        code: "import json, collections\n[json.loads('{\"a\": 1}'), collections.namedtuple('T', 'a')(1).a]",
        options: { block: BLOCK },
        level,
      }),
    ).toMatchObject({ ok: true, value: [{ a: 1 }, 1] });
  });

  test('JavaScript loses eval and Function, by every way to them', async () => {
    await refusedBy(
      'javascript',
      { block: ['eval', 'Function'] },
      [
        ["eval('1')", 'eval'],
        ["(() => {}).constructor('return 1')()", 'Function'],
      ],
      level,
    );
  });
});

test('Python finds no blocked builtin by another way', async () => {
  const ways = [
    'eval("1")',
    'exec("x=1")',
    'open("f")',
    "__builtins__['eval']('1')",
    "getattr(__builtins__, 'ev' + 'al')('1')",
    "__import__('builtins').eval('1')",
  ];
  const code = `refused = []
${ways.map((way) => `try:\n  ${way}\nexcept BaseException as error: refused.append(str(error))`).join('\n')}
refused`;
  const by = (name: string): string => `Cannot call ${name}: this run blocks it`;
  expect(await allRefused('python', { block: BLOCK }, code)).toEqual(
    ['eval', 'exec', 'open', 'eval', 'eval', 'eval'].map(by),
  );
});

describe("preset 'safe'", () => {
  test('Python: harmless modules, no attributes of the interpreter, no files', async () => {
    for (const code of [
      '().__class__.__bases__[0].__subclasses__()',
      "getattr((), '__cla' + 'ss__')",
      "open('x')",
      "eval('1')",
      'import os',
    ]) {
      expect(
        await runtime.run({ language: 'python', code, options: { preset: 'safe' } }),
        code,
      ).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' }, usage: { hostCalls: {} } });
    }
    expect(
      await runtime.run({
        language: 'python',
        code: 'import statistics; statistics.mean([1, 2, 3])',
        options: { preset: 'safe' },
      }),
    ).toMatchObject({ ok: true, value: 2 });
  });

  test('Python: no way round by modules, names that are made at run time, frames and annotations', async () => {
    const ways = {
      'a module in a module': "import dataclasses; dataclasses.sys.modules['os']",
      'builtins in a module': "import dataclasses; dataclasses.builtins.eval('1')",
      'a module behind a module': 'import json; json.codecs.open',
      'by from': 'from csv import io',
      'a private module': 'from re import _compiler',
      'a private name': "import dataclasses; dataclasses._create_fn('f', [], ['return 1'])",
      attrgetter: "import operator; operator.attrgetter('real.__class__.__mro__')(1)",
      methodcaller: "import operator; operator.methodcaller('__subclasses__')(object)",
      'a formatter': "import string; string.Formatter().get_field('0.__class__', [1], {})",
      'what decorators copy': "import functools; functools.wraps(len, assigned=['__self__'])(lambda: 1)",
      'a frame by getattr': "def g(): yield\ngetattr(g(), 'gi_' + 'frame')",
      'a traceback':
        "try: 1 / 0\nexcept Exception as e: getattr(getattr(e, '__trace' + 'back__'), 'tb_frame')",
      'code from bytes': 'import types; types.CodeType',
      'text of hints': "import typing\nclass C:\n  x: 'int'\ntyping.get_type_hints(C)",
      'positions of a class made at run time': `import json
M = type('Any', (type,), {'__instancecheck__': lambda *any: True})('M', (), {'__match_args__': ('__globals__',)})
match json.dumps:
  case M(found): pass`,
      'positions that a class of classes tells': `import json
class Any(type):
  def __instancecheck__(cls, it): return True
  def __getattr__(cls, name): return ('__globals__',)
class M(metaclass=Any): pass
match [json.dumps]:
  case [M(found)]: pass`,
      'positions by a function, within a class': `class Every(dict):
  def __getitem__(self, name): return M
class Any(type):
  def __prepare__(*any): return Every()
class M:
  @lambda f: ('__class__',)
  def __match_args__(self): pass
class C(metaclass=Any):
  match M():
    case M(found): pass`,
      'text that says otherwise of itself':
        "class S(str):\n  def startswith(self, *any): return False\ngetattr(1, S('__class__'))",
      'text that shows as another':
        "import operator\nclass S(str):\n  def __str__(self): return 'x'\noperator.attrgetter(S('__class__'))(1)",
      'text that equals what may be copied':
        "import functools\nclass S(str):\n  def __eq__(self, other): return True\n  __hash__ = str.__hash__\nfunctools.wraps(len, assigned=[S('__self__')])(lambda: 1)",
      'what wraps calls': 'import functools; functools.wraps(len).func',
      'the class below a formatter': 'import string; string.Formatter.mro()[1].get_field',
      'text of a reference': "import typing; typing.get_args(typing.Optional['print(1)'])[0].evaluate()",
    };
    const beforeItRuns = {
      'a pattern': 'match []:\n  case object(__class__=c): pass',
      'a frame': 'def g(): yield\ng().gi_frame.f_builtins',
      'positions of a class': "class C:\n  __match_args__ = ('__class__',)",
    };
    const wrapped = Object.values(ways).map(
      (way) =>
        `try:\n${way.replace(/^/gm, '  ')}\nexcept (AttributeError, ImportError, RuntimeError): refused.append(True)\nelse: refused.append(False)`,
    );
    const code = `refused = []\n${wrapped.join('\n')}\nrefused`;
    expect(await allRefused('python', { preset: 'safe' }, code)).toEqual(wrapped.map(() => true));
    for (const [name, attempt] of Object.entries(beforeItRuns)) {
      const outcome = await runtime.run({ language: 'python', code: attempt, options: { preset: 'safe' } });
      expect(outcome, name).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    }
  });

  test('Python: what reads attributes by name shows no class that makes another', async () => {
    const code = `import operator
plain = type(lambda: 1)
[type(operator.attrgetter('x')) is plain, type(operator.methodcaller('x')) is plain]`;
    expect(await allRefused('python', { preset: 'safe' }, code)).toEqual([true, true]);
  });

  test('Python: class patterns match by position as they do elsewhere', async () => {
    const code = `import collections, dataclasses
@dataclasses.dataclass
class P:
  x: int
  y: object
class Small(int): pass
N = collections.namedtuple('N', 'a b')
def f(value):
  match value:
    case P(x, P(y, z)): return ['nested', x, y, z]
    case P(x, y) if x > 1: return ['guarded', x, y]
    case N(a, b): return ['tuple', a, b]
    case Small(n): return ['small', n]
    case int(n) | float(n): return ['number', n]
    case [str(a), *rest]: return ['list', a, rest]
  return None
class Body:
  match P(5, 6):
    case P(a, b): pass
wrong = ''
try:
  match P(1, 2):
    case P(a, b, c): pass
except TypeError as error: wrong = str(error)
[f(v) for v in (P(1, P(2, 3)), P(2, 3), P(1, 1), N(1, 2), Small(3), 4, 2.5, ['a', 1])] + [Body.a, Body.b, wrong]`;
    const plain = await runtime.run({ language: 'python', code });
    const safe = await runtime.run({ language: 'python', code, options: { preset: 'safe' } });
    expect(safe).toMatchObject({
      ok: true,
      value: [
        ['nested', 1, 2, 3],
        ['guarded', 2, 3],
        null,
        ['tuple', 1, 2],
        ['small', 3],
        ['number', 4],
        ['number', 2.5],
        ['list', 'a', [1]],
        5,
        6,
        'P() accepts 2 positional sub-patterns (3 given)',
      ],
    });
    expect(safe.ok && safe.value).toEqual(plain.ok && plain.value);
  });

  test('Python: what ordinary programs use of harmless modules is there', async () => {
    const code = `import collections.abc, json, math, operator, functools, typing, types, string, dataclasses, enum, re, time
import datetime as dt
from json import decoder, JSONDecodeError
from collections import *
from statistics import *
@dataclasses.dataclass
class P:
  x: int
  label: 'str' = 'p'
class Color(enum.Enum):
  RED = 1
def log(f):
  @functools.wraps(f)
  def g(*a): return f(*a)
  return g
@log
def double(x: typing.Optional[int]): return x * 2
[isinstance([], collections.abc.Sequence), decoder.JSONDecoder().decode('[1]'), mean([1, 3]), Counter('aab')['a'], double.__name__, double(4),
 operator.attrgetter('x')(P(5)), operator.methodcaller('upper')('a'), string.Formatter().format('{0.x:>3}', P(1)), Color.RED.name,
 re.compile('a+').sub('b', 'aa'), dt.date(2020, 1, 2).isoformat(), types.SimpleNamespace(a=1).a, 'loads' in dir(json), math.floor(math.pi), time.time() > 0]`;
    expect(await allRefused('python', { preset: 'safe' }, code)).toEqual([
      true,
      [1],
      2,
      2,
      'double',
      8,
      5,
      'A',
      '  1',
      'RED',
      'b',
      '2020-01-02',
      1,
      true,
      3,
      true,
    ]);
  });

  test.each([
    ['python', 'import os', ['os', 'math'], 'import math; math.floor(1.5)'],
    [
      'javascript',
      "import 'node:fs'",
      ['node:fs', 'node:path'],
      "import { sep } from 'node:path'; export default sep.length",
    ],
  ])('%s: a list of imports leaves less of it, never more', async (language, code, imports, good) => {
    const options = { preset: 'safe', imports };
    expect(await runtime.run({ language, code, options })).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW' },
    });
    expect(await runtime.run({ language, code: good, options })).toMatchObject({ ok: true, value: 1 });
  });

  test.each(['javascript', 'python'])(
    '%s: a rule that is not known is refused, not ignored',
    async (language) => {
      for (const options of [{ import: [] }, { imports: 'os' }, { block: [1] }, { preset: 'none' }]) {
        expect(await runtime.run({ language, code: '1', options: options as never })).toMatchObject({
          ok: false,
          error: { code: 'INPUT_INVALID' },
        });
      }
    },
  );
});
