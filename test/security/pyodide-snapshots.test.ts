import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { wheel } from '../support/wheels.ts';

/** Tries at import what a guest may not do, and keeps what came of it. */
const NOSY = `import os, sys
FOUND = {}
def attempt(name, action):
    try:
        FOUND[name] = repr(action())[:200]
    except BaseException as error:
        FOUND[name] = "refused: " + type(error).__name__
MARK = "a mark that is" + " in every snapshot"
attempt("env", lambda: {k: v for k, v in os.environ.items() if "CANARY" in k})
attempt("file", lambda: open("CANARY_FILE").read())
attempt("write", lambda: open("/written", "w"))
attempt("http", lambda: __import__("urllib.request").request.urlopen("http://127.0.0.1:1/").read())
attempt("javascript", lambda: __import__("js"))
attempt("pyodide_js", lambda: __import__("pyodide_js"))
attempt("run_js", lambda: __import__("pyodide.code").code.run_js("1"))
attempt("process", lambda: os.system("true"))
attempt("thread", lambda: __import__("threading").Thread(target=print).start())
import _sandglass_host
attempt("host", lambda: _sandglass_host.call("fs.open", {"path": "CANARY_FILE", "read": True}))
`;

/** A key whose hash tries the same whenever it is asked for: at import, when the snapshot is taken, and each time that it is restored. */
const ASKED = `import os, sys
import pyodide.code
FOUND = []
BUSY = []
class Key:
    def __hash__(self):
        if not BUSY:
            BUSY.append(1)
            for name, action in ACTIONS.items():
                try:
                    FOUND.append((name, repr(action())[:200]))
                except BaseException as error:
                    FOUND.append((name, 'refused: ' + type(error).__name__))
            BUSY.clear()
        return hash('a text')
    def __eq__(self, other): return True
ACTIONS = {
    'run_js': lambda: pyodide.code.run_js('1 + 1'),
    'js': lambda: sys.modules['js'].setTimeout,
    'pyodide_js': lambda: sys.modules['pyodide_js'].FS,
    'file': lambda: os.open('CANARY_FILE', os.O_RDONLY),
}
TABLE = {Key(): 1}
`;

describe('a snapshot of packages', () => {
  const canary = `canary-${crypto.randomUUID()}`;
  let folder: string;
  let cache: string;
  let runtime: Runtime;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-nosy-'));
    cache = mkdtempSync(join(tmpdir(), 'sandglass-nosy-cache-'));
    const secret = join(folder, 'secret.txt');
    writeFileSync(secret, canary);
    process.env.SANDGLASS_CANARY = canary;
    const { file, bytes } = wheel('nosy-pkg', '1.0', NOSY.replaceAll('CANARY_FILE', secret));
    writeFileSync(join(folder, file), bytes);
    const asked = wheel('asked-pkg', '1.0', ASKED.replaceAll('CANARY_FILE', secret));
    writeFileSync(join(folder, asked.file), asked.bytes);
    runtime = createRuntime({
      cache,
      packages: { wheels: folder, snapshots: [['nosy-pkg'], ['asked-pkg']] },
    });
  });
  afterAll(async () => {
    delete process.env.SANDGLASS_CANARY;
    await runtime.close();
    rmSync(folder, { recursive: true });
    rmSync(cache, { recursive: true });
  });

  test('its packages reach nothing of the host while it is made', async () => {
    const outcome = await runtime.run({ language: 'python', code: 'import nosy_pkg\nnosy_pkg.FOUND' });
    const refused = expect.stringMatching(/^refused: /);
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        env: '{}',
        file: refused,
        write: refused,
        http: refused,
        javascript: refused,
        pyodide_js: refused,
        run_js: refused,
        process: refused,
        thread: refused,
        host: refused,
      },
      usage: { hostCalls: {} },
    });
    expect(JSON.stringify(outcome)).not.toContain(canary);
    expect(runtime.engines().find(({ name }) => name === 'pyodide')?.snapshots).toMatchObject([
      { state: 'ready' },
      { state: 'unmade' },
    ]);
  });

  test('a set whose objects reach for JavaScript when they are asked for hashes is refused', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const code = 'import asked_pkg\n[asked_pkg.TABLE[asked_pkg.Key()], asked_pkg.FOUND]';
    const outcome = await runtime.run({ language: 'python', code });
    expect(runtime.engines().find(({ name }) => name === 'pyodide')?.snapshots?.[1]).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('a hash that cannot be asked for now'),
    });
    expect(warnings).toHaveBeenCalledTimes(1);
    warnings.mockRestore();
    expect(outcome).toMatchObject({ ok: true, value: [1, expect.any(Array)] });
    const [, found] = (outcome.ok ? outcome.value : []) as [number, readonly [string, string][]];
    expect(found.length).toBe(2 * 4); // of the import and the look-up in the run
    for (const [name, answer] of found)
      expect([name, answer]).toEqual([name, expect.stringMatching(/^refused: /)]);
  });

  test('it holds nothing of the host nor of any run, also once runs have used it', async () => {
    const outcome = await runtime.run({
      language: 'python',
      code: 'import nosy_pkg, os\nnosy_pkg.left = [os.environ["GIVEN"], given] * 100\nlen(nosy_pkg.left)',
      inputs: { given: `input ${canary}` },
      grant: { env: { GIVEN: `env ${canary}` } },
    });
    expect(outcome).toMatchObject({ ok: true, value: 200 });
    expect(
      await runtime.run({ language: 'python', code: "import nosy_pkg\nhasattr(nosy_pkg, 'left')" }),
    ).toMatchObject({
      ok: true,
      value: false,
    });
    const files = readdirSync(cache, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    // Beside the bytecode of its package, the file of the set is among those that are looked at: it has what its module computed.
    expect(files.filter((bytes) => bytes.includes('a mark that is in every snapshot'))).toHaveLength(2);
    for (const bytes of files) expect(bytes.includes(canary)).toBe(false);
  });

  test('JavaScript is as absent in its runs as in any', async () => {
    for (const name of ['js', 'pyodide_js']) {
      const code = `import nosy_pkg\nimport ${name}`;
      expect(await runtime.run({ language: 'python', code })).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW', message: expect.stringContaining('guests have no JavaScript') },
      });
    }
  });
});
