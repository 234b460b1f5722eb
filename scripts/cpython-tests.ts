// Runs a slice of CPython's own test suite as guests of ours and in stock Pyodide, and compares them test by test. What passes there and
// not here needs a reason in KNOWN. Takes the path of a CPython `Lib` folder: node scripts/cpython-tests.ts PATH [module…]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { createRuntime } from '../runtime/index.ts';

/** Modules of `Lib/test` that need nothing but an interpreter and a scratch folder. */
const SLICE = [
  'test_json',
  'test_re',
  'test_math',
  'test_cmath',
  'test_datetime',
  'test_dataclasses',
  'test_collections',
  'test_deque',
  'test_string',
  'test_textwrap',
  'test_fractions',
  'test_statistics',
  'test_itertools',
  'test_functools',
  'test_heapq',
  'test_bisect',
  'test_enum',
  'test_base64',
  'test_csv',
  'test_struct',
  'test_operator',
  'test_copy',
  'test_list',
  'test_dict',
  'test_set',
  'test_tuple',
  'test_int',
  'test_float',
  'test_complex',
  'test_bytes',
  'test_generators',
  'test_contextlib',
  'test_typing',
  'test_uuid',
  'test_calendar',
  'test_difflib',
  'test_pprint',
  'test_random',
  'test_hashlib',
  'test_zlib',
  'test_gzip',
  'test_zipfile',
  'test_tempfile',
  'test_shutil',
  'test_glob',
  'test_fnmatch',
  'test_configparser',
  'test_argparse',
  'test_urlparse',
  'test_html',
  'test_htmlparser',
  'test_time',
];

/** Start of a test's id → why it may fail here and pass in stock Pyodide. */
const KNOWN: Readonly<Record<string, string>> = {
  'test.test_bytes.BytesTest.test_from_format':
    'Calls the interpreter through ctypes.pythonapi: guests have no ctypes.',
  'test.test_zipfile.test_core.PyZipFileTests.test_write_':
    'Skips itself where the folder of the tests cannot be written to: it is granted for reading.',
};

const PROGRAM = `
import sys, unittest, io, json, warnings
if '/cpython' not in sys.path:
    sys.path.append('/cpython')
warnings.simplefilter('ignore')
outcomes = {}

class Result(unittest.TestResult):
    def note(self, test, outcome):
        outcomes[test.id()] = outcome
    def addSuccess(self, test): self.note(test, 'pass')
    def addFailure(self, test, error): self.note(test, 'fail: ' + str(error[1])[:200])
    def addError(self, test, error): self.note(test, 'error: ' + type(error[1]).__name__ + ': ' + str(error[1])[:200])
    def addSkip(self, test, reason): self.note(test, 'skip')
    def addExpectedFailure(self, test, error): self.note(test, 'pass')
    def addUnexpectedSuccess(self, test): self.note(test, 'fail: unexpected success')

try:
    suite = unittest.defaultTestLoader.loadTestsFromName('test.' + MODULE)
    suite.run(Result())
except BaseException as error:
    outcomes['test.' + MODULE] = 'error: ' + type(error).__name__ + ': ' + str(error)[:200]
REPORT = json.dumps(outcomes)
`;

type Outcomes = Readonly<Record<string, string>>;

const [path, ...named] = process.argv.slice(2);
if (path === undefined || !existsSync(join(path, 'test/test_json'))) {
  console.error("Cannot run CPython's tests: give the path of a CPython Lib folder, e.g. a checkout's Lib");
  process.exit(2);
}
const tests = resolve(path, 'test');
const modules = (named.length > 0 ? named : SLICE).filter(
  (name) => existsSync(join(tests, `${name}.py`)) || existsSync(join(tests, name)),
);
const programFor = (module: string): string => PROGRAM.replaceAll('MODULE', JSON.stringify(module));

const runtime = createRuntime();

async function ours(module: string): Promise<Outcomes> {
  const outcome = await runtime.run({
    language: 'python',
    code: `${programFor(module)}\nREPORT`,
    grant: { fs: [{ host: tests, guest: '/cpython/test', access: ['read'] }] },
    cwd: '/tmp',
    limits: {
      timeoutMs: 600_000,
      fuel: 2_000_000_000_000,
      memoryBytes: 1024 * 1024 * 1024,
      outputBytes: 64 * 1024 * 1024,
      hostCalls: 1_000_000,
    },
  });
  if (outcome.ok && typeof outcome.value === 'string') return JSON.parse(outcome.value) as Outcomes; // PROGRAM writes it
  return {
    [`test.${module}`]: outcome.ok
      ? 'error: no report'
      : `error: ${outcome.error.code}: ${outcome.error.message}`,
  };
}

async function stock(module: string): Promise<Outcomes> {
  const script = `
    import { loadPyodide } from 'pyodide';
    const python = await loadPyodide({ stdout: () => undefined, stderr: () => undefined });
    python.FS.mkdirTree('/cpython/test');
    python.mountNodeFS('/cpython/test', ${JSON.stringify(tests)});
    python.FS.chdir('/tmp');
    process.stdout.write(python.runPython(${JSON.stringify(`${programFor(module)}\nREPORT`)}), () => process.exit(0));`;
  const child = spawn(process.execPath, ['--stack-size=4000', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) text += part;
  try {
    return JSON.parse(text) as Outcomes;
  } catch {
    return { [`test.${module}`]: 'error: stock Pyodide gave no report' };
  }
}

let [passed, passedThere, known] = [0, 0, 0];
const unexplained: string[] = [];
for (const module of modules) {
  const [here, there] = [await ours(module), await stock(module)];
  const passes = (outcomes: Outcomes): string[] =>
    Object.keys(outcomes).filter((id) => outcomes[id] === 'pass');
  const lost = passes(there).filter((id) => here[id] !== 'pass');
  passed += passes(here).length;
  passedThere += passes(there).length;
  console.log(
    `${module.padEnd(20)} here ${String(passes(here).length).padStart(5)}, stock ${String(passes(there).length).padStart(5)}, of ${Math.max(Object.keys(here).length, Object.keys(there).length)}`,
  );
  if (passes(there).length === 0 && passes(here).length === 0)
    console.log(`  ${Object.values(here)[0] ?? ''} / ${Object.values(there)[0] ?? ''}`);
  for (const id of lost) {
    const reason = Object.entries(KNOWN).find(([start]) => id.startsWith(start))?.[1];
    if (reason === undefined) unexplained.push(`${id}: ${here[id] ?? 'not run'}`);
    else known += 1;
    console.log(
      `  ${id}: ${here[id] ?? here[`test.${module}`] ?? 'not run'}${reason === undefined ? '' : ` (${reason})`}`,
    );
  }
}
console.log(
  `\nhere ${passed} pass, stock Pyodide ${passedThere}; ${known} known, ${unexplained.length} unexplained`,
);
await runtime.close();
process.exit(unexplained.length === 0 ? 0 : 1);
