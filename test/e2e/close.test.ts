import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';

const INDEX = new URL('../../runtime/index.ts', import.meta.url).href;

describe('Runtime.close()', verifies('XT-14'), () => {
  // A process whose top-level await waits for nothing that holds it up ends with 13 and without the last line.
  test.each(['minimal', 'standard', 'strict', 'maximum'])(
    'settles after a run at %s in a process that has nothing else open, and lets it end',
    async (level) => {
      const script = `
        import { createRuntime } from ${JSON.stringify(INDEX)};
        const runtime = createRuntime({ cache: false });
        const { ok, value } = await runtime.run({ language: 'javascript', code: '6 * 7', level: '${level}' });
        console.log(ok, value);
        await runtime.close();
        console.log('closed');`;
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '--eval',
        script,
      ]);
      expect([stdout, stderr]).toEqual(['true 42\nclosed\n', '']);
    },
  );
});
