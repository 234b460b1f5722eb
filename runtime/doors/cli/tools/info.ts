import type { ToolInfo } from '../../../contracts/api/tool-registry.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { printable, type Style, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { readTools } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';
import { kindOf, needsOf } from './list.ts';
import { nameOf, targetOf } from './target.ts';
import { withTools } from './with-tools.ts';

/** Tells about one tool, and answers the exit code. @throws {UsageError | SandglassError} */
export async function info(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { stdout, cwd } = context.terminal;
  const [wanted, ...others] = parsed.positionals;
  if (wanted === undefined)
    throw new UsageError('Nothing to tell about: give the name of a tool, or its file');
  if (others.length > 0)
    throw new UsageError(`Cannot tell about more than one tool: "${others[0]}" is one too many`);
  return withTools(context, { builtin: true, ...(await readTools(parsed, cwd)) }, async (tools) => {
    const tool = tools.info(await nameOf(targetOf(wanted), tools, cwd));
    if (tool === undefined) throw new Error('a tool that was found is there');
    const { uses: _, ...shown } = tool;
    stdout.write(
      parsed.has('json')
        ? `${JSON.stringify(shown)}\n`
        : `${describe(tool, wanted, styleFor(stdout, context.terminal)).join('\n')}\n`,
    );
    return 0;
  });
}

/** @param wanted As the tool was named: its examples are called so. */
function describe(tool: ToolInfo, wanted: string, { bold }: Style): readonly string[] {
  const facts = [
    ['kind', kindOf(tool)],
    ['needs', needsOf(tool)],
    ['also called', tool.aliases.join(', ')],
    ['category', tool.category ?? ''],
    ['tags', [...tool.tags, ...tool.keywords].join(', ')],
    [
      'limits',
      Object.entries(tool.limits)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ['imports', tool.imports.join(', ')],
    ['file', tool.path ?? ''],
  ].filter(([, text]) => text !== '');
  const parameters = parameterRows(tool.input);
  return [
    `${bold(tool.name)} ${tool.version}`,
    printable(tool.description),
    '',
    table(facts.map(([name = '', text = '']) => [`  ${name}`, printable(text)])),
    '',
    bold('Arguments'),
    ...(parameters.length === 0 ? ['  none'] : [table(parameters)]),
    ...(tool.output === null ? [] : ['', bold('Answers'), `  ${printable(typeOf(tool.output))}`]),
    ...(tool.examples.length === 0 ? [] : ['', bold(tool.examples.length === 1 ? 'Example' : 'Examples')]),
    ...tool.examples.flatMap(({ description, input, output }) => [
      ...(description === undefined ? [] : [`  # ${printable(description)}`]),
      `  sandglass call ${wanted} '${printable(JSON.stringify(input).replaceAll("'", `'\\''`))}'`,
      ...(output === undefined ? [] : [`  ${printable(JSON.stringify(output))}`]),
    ]),
  ];
}

function parameterRows(input: JsonObject): readonly (readonly string[])[] {
  const required = Array.isArray(input.required) ? input.required : [];
  return Object.entries(object(input.properties)).map(([name, value]) => {
    const schema = object(value);
    const whether = required.includes(name)
      ? 'required'
      : schema.default === undefined
        ? 'optional'
        : `default ${JSON.stringify(schema.default)}`;
    const { description } = schema;
    return [
      `  ${printable(name)}`,
      printable(typeOf(schema)),
      printable(whether),
      typeof description === 'string' ? printable(description) : '',
    ];
  });
}

/** A schema in a few words. */
function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.type)) return schema.type.map(String).join(' | ');
  if (schema.type === 'array') return `list of ${typeOf(object(schema.items))}`;
  if (schema.type === 'object') {
    const names = Object.keys(object(schema.properties));
    return names.length === 0 ? 'object' : `object { ${names.join(', ')} }`;
  }
  if (typeof schema.type === 'string')
    return typeof schema.format === 'string' ? `${schema.type} (${schema.format})` : schema.type;
  const either = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(either)) return either.map((one) => typeOf(object(one))).join(' | ');
  return 'any';
}

const object = (value: JsonValue | undefined): JsonObject =>
  value !== undefined && isJsonObject(value) ? value : {};
