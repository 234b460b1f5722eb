// Runs the official conformance suite of MCP against the door of a runtime, in both revisions, and prints the counts. A scenario that fails and is not
// among those that are known to, with a reason, or one of those that passes, ends it with 1.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveFixture } from './mcp-conformance/fixture.ts';
import { KNOWN_FAILURES } from './mcp-conformance/known.ts';

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

/** What each scenario found, by its name. */
async function run(url: string, revision: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const output = mkdtempSync(join(tmpdir(), 'sandglass-mcp-conformance-'));
  try {
    const which =
      revision === '2025-11-25'
        ? ['--suite', 'all', '--spec-version', revision]
        : ['--requirements', revision];
    await ended(
      spawn(process.execPath, [main, 'server', '--url', url, ...which, '--output-dir', output], {
        stdio: 'ignore',
      }),
    );
    const found = new Map<string, readonly Check[]>();
    for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
      if (entry.name !== 'checks.json') continue;
      const path = join(entry.parentPath, entry.name);
      const [, scenario = ''] = /server-(.*?)-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/.exec(path) ?? [];
      found.set(scenario, JSON.parse(readFileSync(path, 'utf8')));
    }
    return found;
  } finally {
    rmSync(output, { recursive: true });
  }
}

install();
let surprises = 0;
await using server = await serveFixture();
for (const revision of ['2025-11-25', '2026-07-28'] as const) {
  const found = await run(server.url, revision);
  let passed = 0;
  let known = 0;
  for (const [scenario, checks] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const failed = checks.filter(({ status }) => status === 'FAILURE');
    const reason = KNOWN_FAILURES[`${revision} ${scenario}`] ?? KNOWN_FAILURES[scenario];
    if (failed.length === 0) {
      passed += 1;
      if (reason === undefined) continue;
      surprises += 1;
      console.log(`${revision} ${scenario}: passes, and is listed as a known failure`);
    } else if (reason !== undefined) {
      known += 1;
      console.log(`${revision} ${scenario}: fails as known: ${reason}`);
    } else {
      surprises += 1;
      console.log(
        `${revision} ${scenario}: FAILS: ${failed
          .map(({ id, errorMessage }) => `${id}: ${errorMessage}`)
          .join('; ')
          .slice(0, 600)}`,
      );
    }
  }
  console.log(
    `${revision}: ${found.size} scenarios, ${passed} pass, ${known} fail as known, ${found.size - passed - known} fail\n`,
  );
  if (found.size === 0) surprises += 1;
}
process.exitCode = surprises === 0 ? 0 : 1;
