import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromedriver } from '../../host-functions/browser/webdriver-server.ts';
import { verifies } from '../support/verifies.ts';

let folder = '';
let driverPath = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-driver-'));
  driverPath = join(folder, 'driver');
  // In the place of chromedriver and its browser: two processes, of which the second ignores a polite request.
  const program = `#!/bin/sh
(trap '' TERM; while :; do sleep 0.2; done) &
echo "$$ $!" > ${folder}/pids
echo "ChromeDriver was started successfully on port 4444."
wait`;
  await writeFile(driverPath, program);
  await chmod(driverPath, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

const pids = async (): Promise<readonly number[]> =>
  (await readFile(join(folder, 'pids'), 'utf8')).trim().split(' ').map(Number);

/** A process that has ended and that nobody has waited for is gone, too. */
async function isGone(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined || /\) [ZX] /.test(stat);
}

async function allGone(started: readonly number[]): Promise<void> {
  expect(started).toHaveLength(2);
  for (const pid of started)
    while (!(await isGone(pid))) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.skipIf(process.platform !== 'linux')('chromedriver and its browsers', verifies('BR-07'), () => {
  test('end when they are ended', async () => {
    const server = await startChromedriver({ url: undefined, driverPath });
    expect(server.endpoint).toBe('ws://127.0.0.1:4444/session');
    const started = await pids();
    await server.end();
    await allGone(started);
  });

  test('end with this process, also when it is killed', async () => {
    const module = new URL('../../host-functions/browser/webdriver-server.ts', import.meta.url).href;
    const code = `const { startChromedriver } = await import(${JSON.stringify(module)});
      await startChromedriver({ url: undefined, driverPath: ${JSON.stringify(driverPath)} });
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const started = await pids();
    child.kill('SIGKILL');
    await allGone(started);
  });

  test('one that does not start is told of at once', async () => {
    await writeFile(join(folder, 'broken'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(startChromedriver({ url: undefined, driverPath: join(folder, 'broken') })).rejects.toThrow(
      'chromedriver',
    );
  });
});
