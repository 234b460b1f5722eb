import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const ASK_MS = 10_000;
/** Where pip itself has the address that it uses when nobody configured any. */
const ASK_PIP = 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The package index that pip uses on this machine: its environment variable, its configuration files, else what pip itself says.
 * @returns `undefined` where there is neither configuration nor a pip to ask.
 */
export async function findPipIndex(env: Environment): Promise<string | undefined> {
  if (env.PIP_INDEX_URL !== undefined && env.PIP_INDEX_URL !== '') return env.PIP_INDEX_URL;
  const home = env.HOME ?? homedir();
  const files = [
    env.PIP_CONFIG_FILE,
    join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'pip/pip.conf'),
    join(home, '.pip/pip.conf'),
    '/etc/pip.conf',
  ];
  for (const file of files) {
    if (file === undefined || file === '') continue;
    const index = indexUrlOf(await readFile(file, 'utf8').catch(() => '')); // most are not there
    if (index !== undefined) return index;
  }
  return askPip(env);
}

/** `index-url` of the sections that pip reads for every command. */
function indexUrlOf(text: string): string | undefined {
  let section = '';
  let found: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim() ?? section;
    const url = /^\s*index[-_]url\s*[=:]\s*(\S+)/.exec(line)?.[1];
    if (url !== undefined && (section === 'global' || (section === 'install' && found === undefined)))
      found = url;
  }
  return found;
}

function askPip(env: Environment): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'python3',
      ['-I', '-c', ASK_PIP],
      { timeout: ASK_MS, env: { PATH: env.PATH }, encoding: 'utf8' },
      (error, stdout) => {
        const address = stdout.trim();
        resolve(error === null && URL.canParse(address) ? address : undefined);
      },
    );
  });
}
