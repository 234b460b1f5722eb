import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../runtime/doors/cli/cli.ts';
import { parseArguments } from '../../runtime/doors/cli/flags.ts';
import { exists, ROOT } from './documents.ts';

/** Programs that stand in a block which is not run. Each tells its arguments, and does nothing. */
const PROGRAMS = ['npx', 'npm', 'apt-get', 'dpkg-deb', 'podman', 'kubectl', 'taskset', 'cp', 'openssl'];

/** What a block of shell would start, by its words: the shell reads it, and every program in it only tells what it was given. */
function startedBy(code: string): readonly (readonly string[])[] {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-words-'));
  try {
    const log = join(folder, 'log');
    mkdirSync(join(folder, 'bin'));
    for (const program of PROGRAMS) {
      const path = join(folder, 'bin', program);
      writeFileSync(
        path,
        `#!/bin/sh\nfor word in "\${0##*/}" "$@"; do printf '%s\\037' "$word"; done >> '${log}'\nprintf '\\036' >> '${log}'\n`,
      );
      chmodSync(path, 0o755);
    }
    const { status, stderr } = spawnSync('/bin/sh', ['-e', '-c', code], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: join(folder, 'bin') },
    });
    if (status !== 0) throw new Error(`it does not read as a shell's: ${stderr}`);
    const told = existsSync(log) ? readFileSync(log, 'utf8') : '';
    return told
      .split('\u001e')
      .filter((line) => line !== '')
      .map((line) => line.split('\u001f').slice(0, -1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What in a block that is not run is not so: a command or a flag of ours that there is not, a script or a file that does not exist.
 * @returns A line each.
 */
export function wrongWords(code: string, scripts: Readonly<Record<string, string>>): readonly string[] {
  return startedBy(code).flatMap((words): string[] => {
    const [program, ...args] = words[0] === 'taskset' ? words.slice(3) : words;
    const files = args.filter((word) => /^(?:scripts|examples)\//.test(word) && !exists(word));
    const missing = files.map((file) => `there is no ${file}`);
    if (program === 'npm' && args[0] === 'run' && !Object.hasOwn(scripts, args[1] ?? ''))
      return [...missing, `there is no npm script ${args[1]}`];
    if (program !== 'npx') return missing;
    const own = args.filter((word) => word !== '-y');
    return own[0] === 'sandglass' ? [...missing, ...wrongCommand(own.slice(1))] : missing;
  });
}

function wrongCommand(args: readonly string[]): readonly string[] {
  const outer = COMMANDS.find(({ name }) => name === args[0]);
  if (outer === undefined) return [`there is no command ${args[0]}`];
  const inner = outer.subcommands?.find(({ name }) => name === `${outer.name} ${args[1]}`);
  if (outer.subcommands !== undefined && inner === undefined) return [`${outer.name} has no ${args[1]}`];
  try {
    parseArguments(args.slice(inner === undefined ? 1 : 2), (inner ?? outer).flags);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Kept with the blocks, so that it is theirs too. */
export const PACKAGE_SCRIPTS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
).scripts;
