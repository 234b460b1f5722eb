import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { compileChart } from './compile-chart.ts';
import { check, say, show, showDenial } from './print.ts';
import { DATA, SECRET, type Stage } from './stage.ts';

export interface Section {
  readonly title: string;
  /** Builds on what the first section writes. */
  readonly needsResult: boolean;
  play(stage: Stage): Promise<void>;
}

const CSV_STATS = join(import.meta.dirname, '../../guest-tools/csv-stats/dist/csv-stats.wasm');

const readData = { host: DATA, guest: '/data', access: ['read'] } as const;

export async function aggregate(stage: Stage): Promise<boolean> {
  const outcome = await stage.run('months.ts', {
    language: 'typescript',
    code: await readFile(join(import.meta.dirname, 'months.ts'), 'utf8'),
    filename: 'months.ts',
    grant: { fs: [readData, { host: stage.out, guest: '/out', access: ['read', 'write'] }] },
  });
  if (!outcome.ok) {
    say(`${outcome.error.code}: ${outcome.error.message}`);
    return false;
  }
  show(outcome.stdout);
  return Array.isArray(outcome.value) && outcome.value.length === 12;
}

export const sections: readonly Section[] = [
  {
    title: '1  A TypeScript guest reads a granted CSV and writes its result',
    needsResult: false,
    play: async (stage) => {
      say('granted: read /data, write /out; nothing else');
      const answered = await aggregate(stage);
      check(answered, 'it answered twelve months');
      if (!answered) return;
      const months: unknown = JSON.parse(await readFile(join(stage.out, 'months.json'), 'utf8'));
      const [january] = Array.isArray(months) ? months : [];
      show(JSON.stringify(january));
      check(january?.days === 124, 'the file it wrote holds 124 days of January');
    },
  },
  {
    title: '2  A tool built as a .wasm component describes it',
    needsResult: true,
    play: async (stage) => {
      say('granted: read /out');
      const outcome = await stage.run('csv-stats.wasm', {
        module: await readFile(CSV_STATS),
        filename: 'csv-stats.wasm',
        inputs: { path: '/out/months.csv', columns: ['rain', 'warmest'] },
        grant: { fs: [{ host: stage.out, guest: '/out', access: ['read'] }] },
      });
      show(outcome.ok ? JSON.stringify(outcome.value) : `${outcome.error.code}: ${outcome.error.message}`);
      check(
        outcome.ok && JSON.stringify(outcome.value).includes('"rows":12'),
        'it found twelve rows and their minimum, maximum, mean and median',
      );
    },
  },
  {
    title: '3  A WASI preview1 command draws a chart of it',
    needsResult: true,
    play: async (stage) => {
      say('granted: read /out');
      const outcome = await stage.run('chart.wasm', {
        module: await compileChart(),
        filename: 'chart.wasm',
        argv: ['months.csv', 'Rain a day in Seattle, mm'],
        grant: { fs: [{ host: stage.out, guest: '/out', access: ['read'] }] },
      });
      show(outcome.ok ? outcome.stdout : `${outcome.error.message}\n${outcome.stderr}`);
      check(outcome.ok && outcome.stdout.split('\n').length === 14, 'it drew twelve bars');
    },
  },
  {
    title: '4  Four attempts to get out',
    needsResult: false,
    play: async (stage) => {
      const attempt = async (what: string, code: string, expected: string): Promise<void> => {
        say(what);
        const outcome = await stage.run(what, {
          language: 'javascript',
          code,
          grant: {
            fs: [{ host: stage.out, guest: '/out', access: ['read', 'write'] }],
            env: { LANG: 'C.UTF-8' },
          },
        });
        showDenial(outcome);
        const told = JSON.stringify(outcome);
        check(
          !outcome.ok &&
            outcome.error.code === expected &&
            !told.includes(SECRET) &&
            !told.includes('root:x:'),
          `it ended with ${expected} and learned nothing`,
        );
      };
      await attempt(
        'read /etc/passwd',
        "import { readFile } from 'fs/promises'; export default await readFile('/etc/passwd', 'utf8');",
        'CAPABILITY_DENIED',
      );
      await attempt(
        'call a server on this machine',
        `await (await fetch('${stage.serverUrl}')).text()`,
        'CAPABILITY_DENIED',
      );
      check(stage.serverHits() === 0, 'the server was never asked');
      await symlink(stage.secretFile, join(stage.out, 'report.txt'));
      await attempt(
        'follow a link out of the granted folder',
        "import { readFile } from 'fs/promises'; export default await readFile('/out/report.txt', 'utf8');",
        'CAPABILITY_DENIED',
      );
      await attempt(
        'start a program with the powers of the host process',
        "console.constructor.constructor('return process')().mainModule.require('child_process').execSync('id')",
        'GUEST_THREW',
      );
    },
  },
];
