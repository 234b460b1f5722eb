// Measures Sandglass beside its peers and prints one table; `--write` puts it into BENCHMARKS.md.

import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defined } from '../runtime/vocabulary/defined.ts';
import type { Group, MeasureOptions, Row } from './bench/group.ts';

const PAGE = join(import.meta.dirname, '../BENCHMARKS.md');
const [BEGIN, END] = ['<!-- bench: begin -->', '<!-- bench: end -->'];

/** What `--profile` measures alone, whatever `--only` says. */
const PROFILE = 'run-cost';
/** File under `scripts/bench/`, and its export: the order of the table. */
const GROUPS = [
  'javascript',
  'component',
  'preview1',
  'host-call',
  'fuel',
  'pyodide',
  'memory',
  'large',
  'starts',
  'throughput',
  'tools',
  'doors',
  'reach',
  'owed',
];

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    seconds: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});

if (values.write && (values.only !== undefined || values.profile))
  throw new Error(
    'Cannot write the figures of some groups alone: leave out --only and --profile, or --write',
  );

const figure = (value: number, unit: Row['unit']): string =>
  Number.isNaN(value)
    ? ''
    : `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.what,
    figure(row.median, row.unit),
    figure(row.p95, row.unit),
    row.samples > 1 ? String(row.samples) : '',
    row.beside ?? '',
    row.wanted === undefined ? '' : `${row.wanted.text}: ${row.wanted.holds ? 'yes' : 'no'}`,
  ]);
  return grid([['', 'median', 'p95', 'n', 'beside', 'wanted'], ...lines]);
}

/** Lines of cells in columns, the head first. */
function grid([head = [], ...lines]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...lines].map((line) => line[column]?.length ?? 0)),
  );
  const print = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [print(head), rule, ...lines.map(print)].join('\n');
}

type Measured = Awaited<ReturnType<Group['measure']>> & Pick<Group, 'title'>;

/** Measures one group in a process of its own. */
function measure(name: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(file('measure-group'), [name, JSON.stringify(options)], { serialization: 'advanced' });
    let measured: Measured | undefined;
    child.on('message', (message: Measured) => {
      measured = message; // our own module sends nothing else
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (measured !== undefined && code === 0) resolve(measured);
      else reject(new Error(`Cannot measure ${name}: it ended with ${code}`));
    });
  });
}

const file = (name: string): string => join(import.meta.dirname, 'bench', `${name}.ts`);
const chosen = values.profile ? [PROFILE] : (values.only ?? GROUPS.filter((name) => existsSync(file(name))));
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
if (seconds !== undefined && !(seconds > 0))
  throw new Error(`Cannot measure for ${values.seconds} s: --seconds takes a number over 0`);
const options: MeasureOptions = {
  scale: values.quick ? 0.1 : 1,
  ...defined({ seconds }),
};
const parts: string[] = [];
const missed: string[] = [];
for (const name of chosen) {
  if (!existsSync(file(name)))
    throw new Error(`Cannot measure ${name}: there is no scripts/bench/${name}.ts`);
  const { title, rows, lines, notes } = await measure(name);
  for (const { what, wanted } of rows) {
    if (wanted?.owed === true && !wanted.holds) missed.push(`${what}: ${wanted.text}`);
  }
  const part = [
    `**${title}**`,
    '',
    lines === undefined ? tableOf(rows) : grid(lines),
    ...(notes ?? []).map((note) => `\n- ${note}`),
  ].join('\n');
  console.log(`${part}\n`);
  parts.push(part);
}

if (values.write) {
  const page = await readFile(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to < from)
    throw new Error(`Cannot write the figures: BENCHMARKS.md has no ${BEGIN} … ${END}`);
  const load = loadavg()[0] ?? 0;
  const busy =
    load > availableParallelism() ? `; the machine was busy with other work (load ${load.toFixed(0)})` : '';
  const machine =
    `Node ${process.versions.node}, ${availableParallelism()} processors ` +
    `(${cpus()[0]?.model.trim() ?? 'unknown'})${busy}, by \`npm run bench -- --write\`.`;
  const text = `${BEGIN}\n${machine}\n\n${parts.join('\n\n')}\n${END}`;
  await writeFile(PAGE, page.slice(0, from) + text + page.slice(to + END.length));
}

if (missed.length > 0) {
  console.error(`Promised and not held:\n${missed.map((line) => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
}
