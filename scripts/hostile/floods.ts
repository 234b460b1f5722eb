interface ScriptProgram {
  readonly language: 'javascript' | 'python';
  readonly code: string;
  readonly inputs?: Readonly<Record<string, number>>;
}

/** What a guest without any grant does to its host for as long as it may. */
export interface Flood {
  readonly name: string;
  readonly engine: 'quickjs' | 'pyodide';
  readonly program: ScriptProgram;
}

const OPEN_FILE = `import fs from 'node:fs';
fs.writeFileSync('/tmp/f', new Uint8Array(8 * 1024 * 1024));
const { handle } = await sandglass.call('fs.open', { path: '/tmp/f' });`;
const OPEN_FOLDER = `import fs from 'node:fs';
for (let i = 0; i < 900; i++) fs.mkdirSync('/tmp/d' + i);
const { handle } = await sandglass.call('fs.open', { path: '/tmp', directory: true });`;

const JAVASCRIPT: Readonly<Record<string, string>> = {
  'reads, not awaited': `${OPEN_FILE} for (;;) sandglass.call('fs.read', { handle, offset: 0, length: 8 * 1024 * 1024 });`,
  'reads, all at once': `${OPEN_FILE} const read = () => sandglass.call('fs.read', { handle, offset: 0, length: 8 * 1024 * 1024 });
for (;;) await Promise.all(Array.from({ length: 64 }, read));`,
  'lists, not awaited': `${OPEN_FOLDER} for (;;) sandglass.call('fs.flist', { handle });`,
  'lists, blocking': `${OPEN_FOLDER} for (;;) { try { fs.readdirSync('/tmp'); } catch {} }`,
  'looks, blocking': `import fs from 'node:fs'; for (;;) fs.existsSync('/tmp/none');`,
  'refused calls': `for (;;) sandglass.call('fs.read', { handle: 99, offset: 0, length: 1 }).catch(() => {});`,
  'unknown calls': `for (;;) { try { await sandglass.call('no.such', {}); } catch {} }`,
  'large arguments': `const items = Array.from({ length: 400_000 }, () => []); for (;;) { try { await sandglass.call('fs.stat', { path: '/tmp', items }); } catch {} }`,
  digests: `const data = new Uint8Array(8 * 1024 * 1024); for (;;) crypto.subtle.digest('SHA-512', data);`,
  'digests, awaited': `const data = new Uint8Array(8 * 1024 * 1024); for (;;) await crypto.subtle.digest('SHA-512', data);`,
  output: `for (;;) console.log('');`,
  text: `const data = new Uint8Array(4 * 1024 * 1024).fill(97); for (;;) new TextEncoder().encode(new TextDecoder().decode(data));`,
  timers: `for (;;) { setTimeout(() => {}, 0); await 1; }`,
};

const PYTHON: Readonly<Record<string, string>> = {
  'looks, blocking': `import os\nwhile True:\n    os.path.exists('/data/none')`,
  'tasks, all at once': `import asyncio, urllib.request\nfrom sandglass import call_async\nasync def one():\n    try:\n        await call_async('fs.stat', {'path': '/tmp'})\n    except Exception:\n        pass\nwhile True:\n    await asyncio.gather(*(one() for _ in range(500)))`,
  output: `while True:\n    print('', flush=True)`,
  hashes: `import hashlib\ndata = bytes(8 * 1024 * 1024)\nwhile True:\n    hashlib.sha512(data).digest()`,
};

const programs = (
  engine: Flood['engine'],
  language: 'javascript' | 'python',
  of: Readonly<Record<string, string>>,
): Flood[] => Object.entries(of).map(([name, code]) => ({ name, engine, program: { language, code } }));

export const FLOODS: readonly Flood[] = [
  ...programs('quickjs', 'javascript', JAVASCRIPT),
  {
    name: 'inputs',
    engine: 'quickjs',
    program: {
      language: 'javascript',
      code: 'for (;;);',
      inputs: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at])),
    },
  },
  ...programs('pyodide', 'python', PYTHON),
];
