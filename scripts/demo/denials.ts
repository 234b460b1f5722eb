import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { check, say, showDenial } from './print.ts';
import { SECRET, type Stage } from './stage.ts';

/** What no guest may have learned, whichever way it tried. */
const KEPT = [SECRET, 'root:x:', 'uid='];

interface Attempt {
  readonly what: string;
  readonly code: string;
  readonly ends: 'CAPABILITY_DENIED' | 'GUEST_THREW';
}

/** Plays attempts to get out in one language; each must end as it says, and tell nothing. */
async function attempt(stage: Stage, language: string, attempts: readonly Attempt[]): Promise<void> {
  for (const { what, code, ends } of attempts) {
    say(what);
    const outcome = await stage.run(`${what} (${language})`, {
      language,
      code,
      grant: { fs: [{ host: stage.out, guest: '/out', access: ['read', 'write'] }] },
    });
    showDenial(outcome);
    const told = JSON.stringify(outcome);
    const learned = KEPT.some((text) => told.includes(text));
    check(
      !outcome.ok && outcome.error.code === ends && !learned,
      `it ended with ${ends} and learned nothing`,
    );
  }
  check(stage.serverHits() === 0, 'the server was never asked');
}

/** A link that a guest could have been tricked to follow; made once. */
async function plantLink(stage: Stage): Promise<void> {
  await symlink(stage.secretFile, join(stage.out, 'report.txt')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

const readInJavaScript = (path: string): string =>
  `import { readFile } from 'node:fs/promises'; export default await readFile('${path}', 'utf8');`;

export async function attemptInJavaScript(stage: Stage): Promise<void> {
  await plantLink(stage);
  await attempt(stage, 'javascript', [
    { what: 'read /etc/passwd', code: readInJavaScript('/etc/passwd'), ends: 'CAPABILITY_DENIED' },
    {
      what: 'follow a link out of /out',
      code: readInJavaScript('/out/report.txt'),
      ends: 'CAPABILITY_DENIED',
    },
    {
      what: 'call a server on this machine',
      code: `await (await fetch('${stage.serverUrl}')).text()`,
      ends: 'CAPABILITY_DENIED',
    },
    {
      what: 'build a way out of a constructor',
      code: `(async () => {}).constructor('return process.mainModule.require("fs").readFileSync("/etc/passwd", "utf8")')()`,
      ends: 'GUEST_THREW',
    },
  ]);
}

export async function attemptInPython(stage: Stage): Promise<void> {
  await plantLink(stage);
  await attempt(stage, 'python', [
    { what: 'read /etc/passwd', code: "open('/etc/passwd').read()", ends: 'CAPABILITY_DENIED' },
    { what: 'follow a link out of /out', code: "open('/out/report.txt').read()", ends: 'CAPABILITY_DENIED' },
    {
      what: 'call a server on this machine',
      code: `import urllib.request\nurllib.request.urlopen('${stage.serverUrl}').read()`,
      ends: 'CAPABILITY_DENIED',
    },
    { what: 'run a program of the host', code: "import os\nos.popen('id').read()", ends: 'GUEST_THREW' },
  ]);
}
