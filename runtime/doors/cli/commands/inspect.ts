import type { ManifestReport, ModuleReport } from '../../../catalog/module-report.ts';
import type { Port } from '../../../catalog/port.ts';
import type { JsonValue } from '../../../vocabulary/json.ts';
import { MIB } from '../../../vocabulary/units.ts';
import type { Command } from '../command.ts';
import { readBytes } from '../files.ts';
import { formatSize } from '../quantities.ts';
import { printable, type Style, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

/** Nothing of it is compiled. */
const MAX_INSPECTED_BYTES = 1024 * MIB;

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'Tell what a .wasm is, imports and exports, without running it',
  usage: 'FILE.wasm [flags]',
  about: [
    'Tells the kind of a .wasm, its imports, exports, memory and custom sections, and what it would ' +
      'need granted. Runs none of it. A file that a run would refuse is refused here, with the same ' +
      'reason.',
  ],
  flags: [
    {
      name: 'json',
      help: 'Print one JSON object: kind, bytes, imports, exports, memories, customSections, producers, manifest, needs.',
    },
  ],
  examples: ['sandglass inspect tool.wasm'],
  async run({ terminal, loadInspector }, parsed) {
    const [file, ...others] = parsed.positionals;
    if (file === undefined) throw new UsageError('Nothing to inspect: give a .wasm file');
    if (others.length > 0)
      throw new UsageError(`Cannot inspect more than one file: "${others[0]}" is one too many`);
    const bytes = await readBytes(file, terminal.cwd, { maxBytes: MAX_INSPECTED_BYTES });
    const report = (await loadInspector())(bytes);
    terminal.stdout.write(
      parsed.has('json')
        ? `${JSON.stringify(report)}\n`
        : describe(file, report, styleFor(terminal.stdout, terminal)),
    );
    return 0;
  },
};

function describe(file: string, report: ModuleReport, { bold }: Style): string {
  const { kind, bytes, imports, exports, memories, customSections, producers, needs, manifest } = report;
  const memory = memories.map(
    ({ minimumBytes, maximumBytes }) =>
      `${formatSize(minimumBytes)}, grows to ${maximumBytes === undefined ? 'the limit of the run' : formatSize(maximumBytes)}`,
  );
  return [
    `${bold(file)} ${kind === 'component' ? 'component' : 'core module'}, ${formatSize(bytes)}`,
    ...(manifest === undefined ? [] : section(bold('Tool'), manifestLines(manifest))),
    ...section(bold('Imports'), ports(imports)),
    ...section(bold('Exports'), ports(exports)),
    ...section(bold('Memory'), memory),
    ...section(bold('Custom sections'), customSections.map(printable)),
    ...section(
      bold('Made by'),
      Object.entries(producers).map(([field, makers]) => printable(`${field}: ${makers.join(', ')}`)),
      'it does not say',
    ),
    ...section(
      bold('Would need'),
      needs.map(({ what, flag }) => `to ${what}: ${flag ?? 'never granted, and refused'}`),
      'no grant at all',
    ),
    '',
  ].join('\n');
}

/** What its author wrote, like all else in the file. */
function manifestLines({
  name,
  version,
  description,
  capabilities,
  input,
  output,
  examples,
}: ManifestReport): string[] {
  const json = (value: JsonValue): string => printable(JSON.stringify(value));
  const rows: (readonly [string, string])[] = [
    ...(name === undefined ? [] : [['name', printable([name, version].filter(Boolean).join(' '))] as const]),
    ...(description === undefined ? [] : [['description', printable(description)] as const]),
    ['capabilities', capabilities.map(printable).join(', ') || 'none'],
    ...(input === undefined ? [] : [['input', json(input)] as const]),
    ...(output === undefined ? [] : [['output', json(output)] as const]),
    ...(examples === undefined ? [] : [['examples', json(examples)] as const]),
  ];
  return table(rows).split('\n');
}

const section = (title: string, lines: readonly string[], none = 'none'): string[] => [
  '',
  title,
  ...(lines.length === 0 ? [none] : lines).map((line) => `  ${line}`),
];

/** Names come from the module: they are shown, never obeyed. */
const ports = (list: readonly Port[]): string[] =>
  list.length === 0
    ? []
    : table(
        list.map(({ module, name, type }) => [
          printable(module === undefined ? name : `${module} ${name}`),
          ...(type === undefined ? [] : [printable(type)]),
        ]),
      ).split('\n');
