import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { wheel } from '../unit/pyodide/wheels.ts';

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

describe('a snapshot of packages', { timeout: 180_000 }, () => {
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
    runtime = createRuntime({ cache, packages: { wheels: folder, snapshots: [['nosy-pkg']] } });
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
    ]);
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
    // The file of the set is among those that are looked at: it has what its module computed.
    expect(files.filter((bytes) => bytes.includes('a mark that is in every snapshot'))).toHaveLength(1);
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
