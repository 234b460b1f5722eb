import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { TEMPLATES } from '../../../build/templates/templates.ts';
import { didYouMean } from '../../../vocabulary/nearest.ts';
import type { CommandContext } from '../command.ts';
import { unreadable } from '../files.ts';
import type { ParsedArguments } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** As manifests have them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Writes the folder of a new tool, and answers the exit code. Nothing that is there is overwritten. @throws {UsageError} */
export async function newTool({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const [given, ...others] = parsed.positionals;
  if (given === undefined)
    throw new UsageError('Nothing to begin: name the tool', 'E.g. sandglass tools new count_words');
  if (others.length > 0)
    throw new UsageError(`Cannot begin more than one tool: "${others[0]}" is one too many`);
  const folder = resolve(terminal.cwd, given);
  const name = given.split(/[/\\]/).at(-1) ?? given;
  if (!NAME.test(name))
    throw new UsageError(
      `Cannot begin "${given}": the name of a tool is 1 to 64 letters, digits, ".", "_", "-"`,
      'E.g. count_words',
    );
  const wanted = parsed.one('template') ?? 'ts';
  const template = TEMPLATES.find((one) => one.name === wanted);
  if (template === undefined) {
    const names = TEMPLATES.map((one) => one.name);
    throw new UsageError(
      `Unknown template "${wanted}"${didYouMean(wanted, names)}`,
      `Templates: ${names.join(', ')}`,
    );
  }
  const there = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unreadable('begin a tool in', folder, terminal.cwd, error);
  });
  if (there.length > 0)
    throw new UsageError(
      `Cannot begin "${given}": there is a folder that is not empty`,
      'Choose another name',
    );
  const files = Object.entries(template.files(name));
  for (const [path, text] of files) {
    const target = join(folder, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text, { flag: 'wx' });
    } catch (error) {
      throw await unreadable('write', target, terminal.cwd, error);
    }
  }
  const shown = relative(terminal.cwd, folder) || '.';
  const path = /[/\\]/.test(shown) ? shown : `./${shown}`;
  if (parsed.has('json')) {
    terminal.stdout.write(
      `${JSON.stringify({ name, folder, template: template.name, files: files.map(([file]) => file) })}\n`,
    );
    return 0;
  }
  const steps = [
    ...(template.name === 'py' ? [] : [`sandglass tools build ${path}`]),
    `sandglass tools test ${path}`,
    `sandglass call ${path} '{"text": "one two"}'`,
  ];
  const lines = [
    ...files.map(([file]) => join(shown, file)),
    '',
    ...(template.needs === undefined ? [] : [`Needs: ${template.needs}`]),
    'Next:',
    ...steps.map((step) => `  ${step}`),
  ];
  terminal.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
