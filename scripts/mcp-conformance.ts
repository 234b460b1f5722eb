// Runs the official conformance suite of MCP against the door and against the client of a runtime, in both revisions, and prints the
// counts. A scenario that fails and is not among those that are known to, with a reason, or one of those that passes, ends it with 1.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveFixture } from './mcp-conformance/fixture.ts';
import { KNOWN_CLIENT_FAILURES, KNOWN_FAILURES } from './mcp-conformance/known.ts';

const folder = join(import.meta.dirname, '../test/mcp-conformance');
const main = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

function install(): void {
  if (existsSync(main)) return;
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('Cannot install the conformance suite');
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once('close', () => resolve()));

type Found = ReadonlyMap<string, readonly Check[]>;

/** Runs the suite with these arguments, and answers what each scenario found, by its name. */
async function run(given: readonly string[]): Promise<Found> {
  const output = mkdtempSync(join(tmpdir(), 'sandglass-mcp-conformance-'));
  try {
    await ended(spawn(process.execPath, [main, ...given, '--output-dir', output], { stdio: 'ignore' }));
    const found = new Map<string, readonly Check[]>();
    for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
      if (entry.name !== 'checks.json') continue;
      const path = join(entry.parentPath, entry.name);
      const [, scenario = ''] =
        /^\/(?:server-)?(.*?)-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/.exec(path.slice(output.length)) ?? [];
      found.set(scenario, JSON.parse(readFileSync(path, 'utf8')));
    }
    return found;
  } finally {
    rmSync(output, { recursive: true });
  }
}

const runServer = (url: string, revision: string): Promise<Found> =>
  run([
    'server',
    '--url',
    url,
    ...(revision === '2025-11-25'
      ? ['--suite', 'all', '--spec-version', revision]
      : ['--requirements', revision]),
  ]);

/** The scenarios of a client one after the other: all at once, they wait for each other longer than they may. */
async function runClient(revision: string): Promise<Found> {
  const listed = spawnSync(process.execPath, [main, 'list'], { encoding: 'utf8' }).stdout;
  const [, clients = ''] = /Client scenarios.*?\n([\s\S]*?)\n\n/.exec(listed) ?? [];
  const command = `${process.execPath} ${join(import.meta.dirname, 'mcp-conformance/client.ts')}`;
  const found = new Map<string, readonly Check[]>();
  for (const [, name = '', revisions = ''] of clients.matchAll(/- (\S+) \[(.*?)\]/g)) {
    if (!revisions.split(',').includes(revision)) continue;
    const of = ['--scenario', name, '--spec-version', revision, '--timeout', '120000'];
    for (const [scenario, checks] of await run(['client', '--command', command, ...of]))
      found.set(scenario, checks);
  }
  return found;
}

type Side = 'server' | 'client';

const reasonOf = (side: Side, revision: string, scenario: string): string | undefined =>
  side === 'server'
    ? (KNOWN_FAILURES[`${revision} ${scenario}`] ?? KNOWN_FAILURES[scenario])
    : KNOWN_CLIENT_FAILURES[scenario];

/** Prints what a side did, and answers how many things were not expected. */
function report(side: Side, revision: string, found: Found): number {
  let [passed, known, surprises] = [0, 0, found.size === 0 ? 1 : 0];
  for (const [scenario, checks] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const failed = checks.filter(({ status }) => status === 'FAILURE');
    const reason = reasonOf(side, revision, scenario);
    const name = `${side} ${revision} ${scenario}`;
    if (failed.length === 0) {
      passed += 1;
      if (reason === undefined) continue;
      surprises += 1;
      console.log(`${name}: passes, and is listed as a known failure`);
    } else if (reason !== undefined) {
      known += 1;
      console.log(`${name}: fails as known: ${reason}`);
    } else {
      surprises += 1;
      const told = failed.map(({ id, errorMessage }) => `${id}: ${errorMessage}`).join('; ');
      console.log(`${name}: FAILS: ${told.slice(0, 600)}`);
    }
  }
  const rest = found.size - passed - known;
  console.log(
    `${side} ${revision}: ${found.size} scenarios, ${passed} pass, ${known} fail as known, ${rest} fail\n`,
  );
  return surprises;
}

install();
let surprises = 0;
await using server = await serveFixture();
/** `server` or `client` alone, where one is named. */
const sides = process.argv.slice(2);
const wants = (side: Side): boolean => sides.length === 0 || sides.includes(side);
for (const revision of ['2025-11-25', '2026-07-28']) {
  if (wants('server')) surprises += report('server', revision, await runServer(server.url, revision));
  if (wants('client')) surprises += report('client', revision, await runClient(revision));
}
process.exitCode = surprises === 0 ? 0 : 1;
