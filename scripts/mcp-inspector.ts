// Lists and calls the tools of `sandglass mcp` and of the HTTP door with the command line of the official inspector, and prints the counts. Anything
// that is not as expected ends it with 1.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY, serveFixture } from './mcp-conformance/fixture.ts';

const folder = join(import.meta.dirname, '../test/mcp-conformance');
const inspector = join(
  folder,
  'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);
const sandglass = join(import.meta.dirname, '../runtime/doors/cli/main.ts');

if (!existsSync(inspector)) {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('Cannot install the inspector');
}

const cwd = mkdtempSync(join(tmpdir(), 'sandglass-inspector-'));
mkdirSync(join(cwd, 'project'));
writeFileSync(join(cwd, 'project/notes.txt'), 'buy milk');

/** What the inspector prints, as JSON. */
async function inspect(target: readonly string[], ...asked: readonly string[]): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [inspector, '--cli', ...target, ...asked, '--connect-timeout', '120000'],
    {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MCP_CATALOG_PATH: join(cwd, 'catalog.json') },
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The inspector ended with ${code}: ${text.slice(0, 1_000)}`);
  return JSON.parse(text);
}

interface Listed {
  readonly tools: readonly { readonly name: string; readonly inputSchema: object }[];
}
interface Called {
  readonly isError?: boolean;
  readonly structuredContent: { readonly ok: boolean; readonly value: unknown };
}

function expectThat(holds: boolean, what: string): void {
  console.log(`${holds ? 'ok' : 'NOT'} ${what}`);
  if (!holds) process.exitCode = 1;
}

try {
  const pipes = [process.execPath, sandglass, 'mcp', '--allow-read=./project'];
  const { tools } = (await inspect(pipes, '--method', 'tools/list')) as Listed;
  expectThat(
    tools.some(({ name }) => name === 'read_file'),
    `sandglass mcp: ${tools.length} tools listed`,
  );
  const read = (await inspect(
    pipes,
    ...['--method', 'tools/call', '--tool-name', 'read_file', '--tool-arg', 'path=/project/notes.txt'],
  )) as Called;
  expectThat(
    JSON.stringify(read.structuredContent.value).includes('buy milk'),
    'sandglass mcp: read_file called',
  );

  await using server = await serveFixture();
  const http = [server.url, '--transport', 'http', '--header', `Authorization: Bearer ${KEY}`];
  const served = (await inspect(http, '--method', 'tools/list')) as Listed;
  expectThat(served.tools.length > 0, `/mcp: ${served.tools.length} tools listed`);
  const greeted = (await inspect(
    http,
    ...['--method', 'tools/call', '--tool-name', 'greet', '--tool-arg', 'name=Ana'],
  )) as Called;
  expectThat(greeted.structuredContent.value === 'Hello, Ana!', '/mcp: greet called');
} finally {
  rmSync(cwd, { recursive: true });
}
