// Sends requests that schemathesis makes of the document of the HTTP door to the door itself, and prints how many there were. It ends with
// 1 when one is answered with 500, or with what the document does not say. Needs schemathesis of PyPI: `pip install schemathesis`, or
// SCHEMATHESIS=PATH/TO/st.
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY, serveFixture } from './mcp-conformance/fixture.ts';

const program = process.env.SCHEMATHESIS ?? 'schemathesis';
const examples = process.argv[2] ?? '25';

await using server = await serveFixture();
const url = new URL('/openapi.json', server.url).href;
const child = spawn(
  program,
  [
    'run',
    url,
    '--header',
    `Authorization: Bearer ${KEY}`,
    '--checks',
    'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance',
    '--phases',
    'examples,coverage,fuzzing',
    '--max-examples',
    examples,
    '--request-timeout',
    '30',
    '--no-color',
  ],
  // It keeps notes in the folder where it runs.
  {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'schemathesis/hooks.py') },
  },
);
let text = '';
child.stdout.setEncoding('utf8').on('data', (part: string) => {
  text += part;
});
process.exitCode = await new Promise<number>((resolve, reject) => {
  child.once('error', () =>
    reject(new Error(`Cannot start ${program}: install it with "pip install schemathesis"`)),
  );
  child.once('close', (code) => resolve(code ?? 1));
});
console.log(
  process.exitCode === 0 ? (/^ *\d+ generated, \d+ passed.*$/m.exec(text)?.[0].trim() ?? text) : text,
);
