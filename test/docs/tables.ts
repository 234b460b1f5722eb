import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime, type EngineInfo, type ToolInfo } from '../../runtime/index.ts';
import { ERROR_CODES, type ErrorCode, exitCodeOf } from '../../runtime/vocabulary/errors.ts';
import { LEVEL_POLICIES, LEVELS } from '../../runtime/vocabulary/levels.ts';
import { LIMITS } from '../../runtime/vocabulary/limits.ts';
import { FUEL_SCHEDULE } from '../../runtime/wasm/fuel-schedule.ts';
import { ROOT } from './documents.ts';

const MIB = 1024 * 1024;

const amount = (value: number, unit: string): string => {
  if (value === Number.MAX_SAFE_INTEGER) return '2^53 − 1';
  if (unit === 'bytes' && value >= 1024 && value % 1024 === 0) {
    return value % MIB === 0 ? `${(value / MIB).toLocaleString('en')} MiB` : `${value / 1024} KiB`;
  }
  return `${value.toLocaleString('en')}${unit === 'ms' ? ' ms' : unit === 'bytes' ? ' bytes' : ''}`;
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const OVER: Readonly<Record<keyof typeof LIMITS, string>> = {
  timeoutMs: '`DEADLINE_EXCEEDED`',
  fuel: '`FUEL_EXHAUSTED`',
  memoryBytes: '`MEMORY_EXCEEDED`',
  outputBytes: '`OUTPUT_EXCEEDED`',
  hostCalls: '`HOST_CALLS_EXCEEDED`',
  hostCallBytes: 'the call is refused',
  cpuShare: 'the guest rests',
};

const WHAT: Readonly<Record<keyof typeof LIMITS, string>> = {
  timeoutMs: 'wall clock of the run',
  fuel: 'units of work, about one wasm operator each',
  memoryBytes: 'linear memory, a hard cap',
  outputBytes: 'stdout, stderr and value together',
  hostCalls: 'host calls of all capabilities together',
  hostCallBytes: 'one argument or answer of a host call',
  cpuShare: 'CPU time of one processor, as a share of wall time',
};

function describeEngines(): readonly EngineInfo[] {
  const runtime = createRuntime({ cache: false });
  const engines = runtime.engines();
  void runtime.close(); // it has started nothing
  return engines;
}

function shippedTools(): readonly ToolInfo[] {
  const runtime = createRuntime({ cache: false, tools: { builtin: true } });
  const tools = runtime.tools.list();
  void runtime.close(); // it has started nothing
  return tools;
}

/** Node's modules that JavaScript guests find, from the registry of their library. */
function nodeModules(): readonly string[] {
  const source = readFileSync(join(ROOT, 'runtime/engines/quickjs/library/registry.ts'), 'utf8');
  const modules = source.slice(0, source.indexOf('const OWN'));
  return [...modules.matchAll(/^ {2}'?([\w/]+)'?: \(\) =>/gm)].map(([, name]) => name ?? '');
}

const inRows = (names: readonly string[], width: number): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(names.length / width) }, (_, row) =>
    Array.from({ length: width }, (_cell, column) => {
      const name = names[row * width + column];
      return name === undefined ? '' : `\`${name}\``;
    }),
  );

/** The tables of the documents that say what the code says: they stand behind `<!-- table: NAME -->`. */
export const tables: Readonly<Record<string, string>> = {
  'node modules': table(['', '', '', '', ''], inRows(nodeModules(), 5)),
  limits: table(
    ['limit', 'what it bounds', 'default', 'range', 'over it'],
    Object.entries(LIMITS).map(([name, { default: standard, minimum, maximum, unit }]) => {
      const limit = name as keyof typeof LIMITS; // its own keys
      const python = limit === 'memoryBytes' ? '; Python 512 MiB' : '';
      return [
        `\`${name}\``,
        WHAT[limit],
        amount(standard, unit) + python,
        `${amount(minimum, unit)} to ${amount(maximum, unit)}`,
        OVER[limit],
      ];
    }),
  ),
  fuel: table(
    ['operators', 'units'],
    (
      [
        ['that only shape control flow: `block`, `loop`, `end`, `br_table` arms', FUEL_SCHEDULE.structural],
        ['any other', FUEL_SCHEDULE.operator],
        ['call of a host import', FUEL_SCHEDULE.importedCall],
        ['`memory.grow`, `table.grow`', FUEL_SCHEDULE.grow],
        ['`throw`, `rethrow`', FUEL_SCHEDULE.throw],
        ['new object of the collected heap', FUEL_SCHEDULE.allocate],
        [`bulk memory, each ${FUEL_SCHEDULE.bulkBytesPerUnit} bytes`, 1],
        ['bulk table and array, each element', FUEL_SCHEDULE.bulkElement],
      ] as const
    ).map(([operators, units]) => [operators, String(units)]),
  ),
  levels: table(
    ['level', 'cell', 'network', 'host files', 'ceilings'],
    LEVELS.map((level) => {
      const { cell, noNetwork, noHostFiles, readOnlyFiles, ceilings } = LEVEL_POLICIES[level];
      const caps = Object.entries(ceilings).map(
        ([name, value]) =>
          name === 'cpuShare'
            ? `CPU share ${value}`
            : amount(value, LIMITS[name as keyof typeof LIMITS].unit), // ceilings are limits
      );
      return [
        `\`${level}\``,
        cell === 'inline' ? "the caller's thread" : `a ${cell} with \`--permission\``,
        noNetwork ? 'none' : 'as granted',
        noHostFiles ? 'none but a scratch folder' : readOnlyFiles ? 'as granted, read only' : 'as granted',
        caps.join(', ') || 'none',
      ];
    }),
  ),
  engines: table(
    ['engine', 'runs', 'language', 'realm', 'memory by default', 'levels', 'set up'],
    describeEngines().map(({ name, languages, languageVersion, realm, memoryBytes, levels, setup }) => [
      `\`${name}\``,
      languages.join(', ') || '`.wasm`',
      languageVersion,
      realm,
      amount(memoryBytes, 'bytes'),
      levels.length === LEVELS.length ? 'all' : levels.join(', '),
      setup,
    ]),
  ),
  'shipped tools': table(
    ['tool', 'what it does', 'needs'],
    shippedTools().map(({ name, description, capabilities, dangerous }) => [
      `\`${name}\``,
      `${description}${dangerous ? '; asks first' : ''}`,
      capabilities.map((capability) => `\`${capability}\``).join(' ') || 'nothing',
    ]),
  ),
  errors: table(
    ['group', 'codes', 'exit code'],
    // Its own keys are all the codes there are.
    [...Map.groupBy(Object.keys(ERROR_CODES) as ErrorCode[], (code) => ERROR_CODES[code].group)].map(
      ([group, codes]) => [
        group,
        codes.map((code) => `\`${code}\``).join(' '),
        String(exitCodeOf(codes[0] ?? 'INTERNAL')),
      ],
    ),
  ),
};

/** A page with its tables put in anew. */
export const fillTables = (markdown: string): string =>
  markdown.replaceAll(/(<!-- table: ([\w ]+) -->\n)((?:\|.*\n)*)/g, (whole, mark: string, name: string) =>
    name in tables ? `${mark}${tables[name]}\n` : whole,
  );

/** Names of the tables that a page has. */
export const tablesOf = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/<!-- table: ([\w ]+) -->/g)].map(([, name]) => name ?? '');
