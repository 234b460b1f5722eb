import { expect, test } from 'vitest';
import { isComplete } from '../../../../runtime/doors/cli/repl/is-complete.ts';
import { completeNames } from '../../../../runtime/doors/cli/repl/names.ts';
import { createRuntime } from '../../../../runtime/index.ts';

test.each([
  ['1 + 1', 'javascript', true],
  ['const f = () => {', 'javascript', false],
  ['const f = () => {\n  return 1;\n}', 'javascript', true],
  ['const s = "{"', 'javascript', true],
  ['const s = `a', 'javascript', false],
  ['const s = `a\n`', 'javascript', true],
  ['/* a', 'javascript', false],
  ['// {', 'javascript', true],
  ['f(1,', 'typescript', false],
  ['const s = "a', 'javascript', true],
  ['a) }', 'javascript', true],
  ['x = 1', 'python', true],
  ['def f(a):', 'python', false],
  ['def f(a):\n  return a', 'python', false],
  ['def f(a):\n  return a\n', 'python', true],
  ['@decorated', 'python', false],
  ['x = {"a": 1}', 'python', true],
  ['x = """a', 'python', false],
  ['x = """a\n"""', 'python', true],
  ['x = 1 + \\', 'python', false],
  ['# a:', 'python', true],
  ['print(', 'python', false],
])('isComplete(%j, %s) is %j', (code, language, is) => {
  expect(isComplete(code, language)).toBe(is);
});

test('completeNames() looks dotted names up in the session, and calls nothing', async () => {
  await using runtime = createRuntime();
  for (const [language, setUp, line, found] of [
    [
      'javascript',
      'const store = { first: 1, second: { third: 3 } }',
      'console.log(store.sec',
      ['store.second'],
    ],
    ['javascript', '1', 'store().x', undefined],
    ['python', 'names = {"a": 1}', 'names.ke', ['names.keys']],
    ['python', 'table = 1', 'print(tab', ['table']],
  ] as const) {
    await using session = await runtime.sessions.open({ language });
    await session.run({ code: setUp });
    const [candidates] = await completeNames(line, language, session);
    if (found === undefined) expect(candidates).toEqual([]);
    else expect(candidates).toEqual(found);
  }
});
