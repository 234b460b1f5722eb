import { beforeAll, describe, expect, test } from 'vitest';
import { PRELOADED } from '../../../runtime/engines/pyodide/preloaded.ts';
import type { PyodideProgram } from '../../../runtime/engines/pyodide/program.ts';
import { openPython, type PythonBench, pythonContext } from '../../support/pyodide-parts.ts';

let python: PythonBench;
beforeAll(async () => {
  python = await openPython();
}, 300_000);

const limits = { timeoutMs: 120_000 };
const kept = async (code: string): Promise<PyodideProgram> => {
  const prepared = await python.engine.prepare(
    { kind: 'script', language: 'python', code, filename: 'main.py', modules: {}, form: 'auto' },
    pythonContext(limits),
  );
  return prepared.data as PyodideProgram; // made by the engine
};

describe('modules of the standard library', () => {
  test('that every interpreter has are those of the list', async () => {
    const { result } = await python.run(
      `import sys, zipimport
files = zipimport.zipimporter('/lib/python314.zip')._get_files()
names = {file[:-3].replace('/', '.').removesuffix('.__init__') for file in files if file.endswith('.py')}
sorted(name for name in names if name in sys.modules)`,
      { limits },
    );
    expect(result).toMatchObject({ kind: 'value', value: [...PRELOADED].sort() });
  });

  test('come compiled, with all that they load, and burn a fraction of what compiling takes', async () => {
    const { library = [] } = await kept('import doctest');
    const names = library.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['doctest', 'pdb', 'unittest', 'unittest.case']));
    expect(names.filter((name) => PRELOADED.has(name))).toEqual([]);
    const most = {
      unittest: 0.05,
      pdb: 0.05,
      doctest: 0.15,
      sqlite3: 0.02,
      smtplib: 0.02,
      'xml.dom.minidom': 0.02,
    };
    for (const [name, giga] of Object.entries(most)) {
      const { result } = await python.run(`import ${name}`, { limits });
      expect(result.kind, name).toBe('value');
      expect(Number(result.fuel) / 1e9, name).toBeLessThan(giga);
    }
  });

  test('are what they were: their file, their source, their tracebacks', async () => {
    const { result } = await python.run(
      `import inspect, unittest.case as case
try:
    case.TestCase().fail('x')
except AssertionError as error:
    line = error.__traceback__.tb_next.tb_frame.f_code.co_filename
[case.__file__, line, case.__spec__.origin, case.__loader__.get_source('unittest.case')[:12],
 inspect.getsource(case.TestCase.fail).strip()[:20], case.__loader__.is_package('unittest.case'), case.__package__]`,
      { limits },
    );
    const file = '/lib/python314.zip/unittest/case.py';
    expect(result).toMatchObject({
      kind: 'value',
      value: [file, file, file, '"""Test case', 'def fail(self, msg=N', false, 'unittest'],
    });
  });

  test('that are imported by a computed name are compiled in the run, once', async () => {
    const { result } = await python.run(
      `import importlib, builtins
importlib.import_module('colors' + 'ys').rgb_to_hsv(1, 0, 0)`,
      { limits },
    );
    expect(result).toMatchObject({ kind: 'value', value: [0, 1, 1] });
  });

  test('of which there are none by a name are not looked for', async () => {
    expect((await kept('import no_such_module, json, sys\nfrom os import path')).library).toBeUndefined();
  });
});
