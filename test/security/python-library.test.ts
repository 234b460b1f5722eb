import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';

/** Each of them tries to have the next guest run code of its own when that imports a module of the standard library. */
const POISON: Readonly<Record<string, string>> = {
  'writes over the bytecode': `
import marshal
folder = '/lib/python3.14/__pycache__'
code = marshal.dumps(compile('POISON = 1', '/lib/python314.zip/timeit.py', 'exec'))
for path in (folder + '/timeit.pyc', folder + '/timeit.cpython-314.pyc', '/lib/python3.14/timeit.py'):
    try:
        with open(path, 'wb') as file:
            file.write(code)
    except OSError:
        pass
import timeit`,
  'puts another in the place of what reads it': `
import zipimport, marshal, _sandglass_library
poisoned = compile('POISON = 1', '/lib/python314.zip/timeit.py', 'exec')
zipimport.zipimporter.get_code = lambda self, name: poisoned
_sandglass_library._loads = lambda data: poisoned
marshal.loads = lambda data: poisoned
import timeit`,
  'brings a module of that name': `
import sys
import timeit
timeit.POISON = 1
sys.modules['timeit'] = timeit`,
  'changes the index of the archive': `
import zipimport
entries = zipimport._zip_directory_cache['/lib/python314.zip']
entries['timeit.py'] = entries['this.py']
import timeit`,
};

describe('what a guest does to the standard library', () => {
  let runtime: Runtime;
  const cache = TEST_CACHE;
  beforeAll(() => {
    runtime = createRuntime({ cache, cells: { warm: 1 } });
  });
  afterAll(() => runtime.close());
  const run = (code: string, modules: Readonly<Record<string, string>> = {}) =>
    runtime.run({ language: 'python', code, modules, limits: { timeoutMs: 120_000 } });
  const CLEAN = `import timeit
[hasattr(timeit, 'POISON'), timeit.Timer.__module__, timeit.__file__]`;
  const clean = { ok: true, value: [false, 'timeit', '/lib/python314.zip/timeit.py'] };

  test.each(Object.entries(POISON))('is gone with it: %s', async (_name, code) => {
    await run(code);
    expect(await run(CLEAN)).toMatchObject(clean);
  });

  test('is its own alone: modules that it was given are never kept as those of the library', async () => {
    const own = { './timeit.py': 'POISON = 1', './smtplib.py': 'POISON = 1' };
    await run('import smtplib, timeit', own);
    expect(await run(CLEAN)).toMatchObject(clean);
    expect(await run("import smtplib\nhasattr(smtplib, 'POISON')")).toMatchObject({ ok: true, value: false });
  });

  test('has no way to what is kept: the folder holds copies', async () => {
    const code = `import timeit, os
path = '/lib/python3.14/__pycache__/timeit.pyc'
try:
    file = os.open(path, os.O_RDWR)
    os.pwrite(file, b'x' * 100, 0)
    os.close(file)
except OSError:
    pass
os.path.exists(path)`;
    expect(await run(code)).toMatchObject({ ok: true, value: true });
    expect(await run(CLEAN)).toMatchObject(clean);
  });
});
