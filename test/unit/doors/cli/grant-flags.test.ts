import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseArguments } from '../../../../runtime/doors/cli/flags.ts';
import {
  GRANT_FLAGS,
  readGrant,
  readPowers,
  readSecrets,
} from '../../../../runtime/doors/cli/grant-flags.ts';

let cwd = '';

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-grant-'));
  await mkdir(join(cwd, 'data'));
  await mkdir(join(cwd, 'out'));
  await mkdir(join(cwd, 'a:b'));
});
afterAll(() => rm(cwd, { recursive: true }));

const read = (...args: string[]) => readGrant(parseArguments(args, GRANT_FLAGS), cwd);
const withFile = async (grant: unknown, ...args: string[]) => {
  const text = typeof grant === 'string' ? grant : JSON.stringify(grant);
  await writeFile(join(cwd, 'grant.json'), text);
  return read('--grant=grant.json', ...args);
};

describe('readGrant()', () => {
  test('--allow-session gives what it says, and what a file has beside it stays', async () => {
    expect(await read('--allow-session=read')).toEqual({ session: { access: ['read'] } });
    expect(await read('--allow-session=write')).toEqual({ session: { access: ['read', 'write'] } });
    expect(await withFile({ session: { access: ['read'], maxEntries: 2 } }, '--allow-session=write')).toEqual(
      {
        session: { access: ['read', 'write'], maxEntries: 2 },
      },
    );
  });

  test('grants nothing without flags', async () => {
    expect(await read()).toEqual({});
  });

  test('makes mounts from the folder where it was called, with a guest path or none', async () => {
    expect(
      await read(
        '--allow-read=./data:/in',
        '--allow-read=data',
        '--allow-write',
        'out:/out/deep',
        `--allow-read=${cwd}`,
      ),
    ).toEqual({
      fs: [
        { host: join(cwd, 'data'), guest: '/in', access: ['read'] },
        { host: join(cwd, 'data'), access: ['read'] },
        { host: cwd, access: ['read'] },
        { host: join(cwd, 'out'), guest: '/out/deep', access: ['write'] },
      ],
    });
  });

  test('takes only the last :/ for the guest path', async () => {
    expect(await read('--allow-read=./a:b:/in', '--allow-read=./a:b/:/x')).toEqual({
      fs: [
        { host: join(cwd, 'a:b'), guest: '/in', access: ['read'] },
        { host: join(cwd, 'a:b'), guest: '/x', access: ['read'] },
      ],
    });
  });

  test('makes one mount of one folder that may be read and written', async () => {
    expect(await read('--allow-read=data:/d', '--allow-write=./data:/d')).toEqual({
      fs: [{ host: join(cwd, 'data'), guest: '/d', access: ['read', 'write'] }],
    });
  });

  test('reads origins: a bare host is https, with its port, and * is every public one', async () => {
    const origins = [
      'api.example.com',
      'localhost:8080',
      'http://127.0.0.1:99',
      'HTTPS://A.example/',
      '*.example.com',
      '*',
    ];
    expect(await read(...origins.map((origin) => `--allow-net=${origin}`))).toEqual({
      http: [
        { origin: 'https://api.example.com' },
        { origin: 'https://localhost:8080' },
        { origin: 'http://127.0.0.1:99' },
        { origin: 'https://a.example' },
        { origin: 'https://*.example.com' },
        { origin: '*' },
      ],
    });
  });

  test('reads ws and wss origins as what WebSockets may be opened to', async () => {
    const flags = [
      '--allow-net=wss://API.example.com',
      '--allow-net=ws://localhost:99',
      '--allow-net=a.example',
    ];
    expect(await read(...flags)).toEqual({
      http: [{ origin: 'https://a.example' }],
      ws: [{ origin: 'wss://api.example.com' }, { origin: 'ws://localhost:99' }],
    });
    await expect(read('--allow-net=wss://a.example/path')).rejects.toThrow('an origin is a scheme');
    expect(
      await withFile({ ws: [{ origin: 'wss://a.example', maxCalls: 1 }] }, '--allow-net=wss://b.example'),
    ).toEqual({
      ws: [{ origin: 'wss://a.example', maxCalls: 1 }, { origin: 'wss://b.example' }],
    });
  });

  test('sets variables, with = in their values', async () => {
    expect(await read('--allow-env=A=b', '--allow-env=C=d=e', '--allow-env=E=')).toEqual({
      env: { A: 'b', C: 'd=e', E: '' },
    });
  });

  test('names the languages of guests that may be started', async () => {
    expect(await read('--allow-run=py, js', '--allow-run=ruby')).toEqual({
      run: { languages: ['python', 'javascript', 'ruby'] },
    });
    expect(await read('--allow-run=*')).toEqual({ run: {} });
    expect(await withFile({ run: { languages: ['python'], depth: 2 } }, '--allow-run=js')).toEqual({
      run: { depth: 2, languages: ['python', 'javascript'] },
    });
    expect(await withFile({ run: { depth: 2 } }, '--allow-run=js')).toEqual({ run: { depth: 2 } });
    await expect(read('--allow-run=js,')).rejects.toThrow('expected names of languages');
  });

  test('adds flags to what a file grants', async () => {
    const file = {
      fs: [{ host: './data', guest: '/d', maxFileBytes: 5 }, { host: 'out' }],
      http: [{ origin: 'https://a.example', methods: ['POST'] }],
      env: { A: '1', B: '2' },
      limits: { timeoutMs: 100 },
      later: [1],
    };
    expect(await withFile(file, '--allow-write=out', '--allow-net=b.example', '--allow-env=B=3')).toEqual({
      fs: [
        { host: join(cwd, 'data'), guest: '/d', maxFileBytes: 5, access: ['read'] },
        { host: join(cwd, 'out'), access: ['read', 'write'] },
      ],
      http: [{ origin: 'https://a.example', methods: ['POST'] }, { origin: 'https://b.example' }],
      env: { A: '1', B: '3' },
      limits: { timeoutMs: 100 },
      later: [1],
    });
  });

  test.each([
    [['--allow-read=dta'], 'Cannot grant "dta": no such file or folder, did you mean "data"?'],
    [['--allow-write=./nothing/here'], 'Cannot grant "nothing/here": no such file or folder'],
    [['--allow-read='], 'Cannot read --allow-read=: expected HOST or HOST:/GUEST'],
    [['--allow-read=:/data'], 'Cannot read --allow-read=:/data: expected HOST or HOST:/GUEST'],
    [['--allow-read=data:in'], 'the guest path after ":" must start with /'],
    [['--allow-net=ftp://a'], 'expected a host, an http, https, ws or wss origin, or *'],
    [['--allow-net='], 'expected a host, an http, https, ws or wss origin, or *'],
    [['--allow-net=a.example/v1'], 'an origin is a scheme, a host and a port'],
    [['--allow-net=https://user@a.example'], 'an origin is a scheme, a host and a port'],
    [['--allow-env=HOME'], 'Cannot read --allow-env=HOME: expected NAME=VALUE'],
    [['--allow-env==x'], 'Cannot read --allow-env==x: expected NAME=VALUE'],
    [['--grant=grnt.json'], 'Cannot read "grnt.json": no such file or folder, did you mean "grant.json"?'],
    [['--grant=data'], 'Cannot read "data": it is a folder'],
  ])('refuses %j', async (args, message) => {
    await writeFile(join(cwd, 'grant.json'), '{}');
    await expect(read(...args)).rejects.toThrow(message);
  });

  test.each([
    ['{', 'Cannot read --grant=grant.json: it is not JSON'],
    [[], 'Cannot read --grant=grant.json: expected a JSON object'],
    [{ fs: './data' }, '"fs" is not a list of objects'],
    [{ fs: ['./data'] }, '"fs" is not a list of objects'],
    [{ http: { origin: '*' } }, '"http" is not a list of objects'],
    [{ fs: [{ guest: '/x' }] }, 'an entry of "fs" has no "host"'],
    [{ env: ['A=B'] }, '"env" is not an object'],
  ])('refuses the file %j', async (grant, message) => {
    await expect(withFile(grant)).rejects.toThrow(message);
  });
});

describe('readSecrets()', () => {
  const secrets = (...args: string[]) =>
    readSecrets(parseArguments(args, GRANT_FLAGS), { TOKEN: 't0p', EMPTY: '' });

  test('takes tokens from the environment, never from the command line', () => {
    expect(secrets()).toEqual({});
    expect(secrets('--secret=github=TOKEN', '--secret', 'other=TOKEN')).toEqual({
      github: { kind: 'bearer', token: 't0p' },
      other: { kind: 'bearer', token: 't0p' },
    });
  });

  test.each(['github=NOPE', 'github=EMPTY', 'github='])(
    'refuses %s, which names no variable that is set',
    (text) => {
      expect(() => secrets(`--secret=${text}`)).toThrow(
        `Cannot read --secret=${text}: the variable is not set or empty`,
      );
    },
  );

  test('refuses what is not a pair', () => {
    expect(() => secrets('--secret=TOKEN')).toThrow('Cannot read --secret=TOKEN: expected NAME=VARIABLE');
  });
});

describe('databases, stores and the browser', () => {
  const powers = (env: Record<string, string>, ...args: string[]) =>
    readPowers(parseArguments(args, GRANT_FLAGS), { cwd, env });

  test('names are read, and changed where it is said', async () => {
    expect(
      await read('--database=app=memory:', '--allow-sql=app', '--allow-kv=notes:write', '--allow-kv', 'seen'),
    ).toEqual({
      sql: [{ name: 'app', access: ['read'] }],
      kv: [
        { name: 'notes', access: ['read', 'write'] },
        { name: 'seen', access: ['read'] },
      ],
    });
  });

  test('a browser opens and reads pages, and does what else is said', async () => {
    expect(await read('--allow-browser=example.com', '--allow-browser=http://127.0.0.1:8080')).toEqual({
      browser: {
        origins: ['https://example.com', 'http://127.0.0.1:8080'],
        actions: ['navigate', 'extract'],
      },
    });
    expect(await read('--allow-browser=*', '--browser-actions=screenshot,interact')).toEqual({
      browser: { origins: ['*'], actions: ['navigate', 'extract', 'screenshot', 'interact'] },
    });
  });

  test('flags add to what the file has', async () => {
    const file = {
      sql: [{ name: 'old', maxRows: 5 }],
      kv: [{ name: 'old' }],
      browser: { origins: ['https://a.example'], actions: ['navigate'], maxPages: 2 },
    };
    expect(
      await withFile(
        file,
        '--database=new=memory:',
        '--allow-sql=new:write',
        '--allow-kv=new',
        '--allow-browser=b.example',
        '--browser-actions=*',
      ),
    ).toEqual({
      sql: [...file.sql, { name: 'new', access: ['read', 'write'] }],
      kv: [...file.kv, { name: 'new', access: ['read'] }],
      browser: {
        origins: ['https://a.example', 'https://b.example'],
        actions: ['navigate', 'extract', 'interact', 'screenshot'],
        maxPages: 2,
      },
    });
    expect(await withFile(file)).toEqual(file);
  });

  test.each([
    [['--allow-session=all'], 'Cannot read --allow-session=all: expected read, or write'],
    [['--allow-sql=app'], 'Cannot use --allow-sql=app: no --database has this name'],
    [['--database=app=memory:', '--allow-sql=app:rw'], 'expected NAME, or NAME:write'],
    [['--allow-kv=:write'], 'expected NAME, or NAME:write'],
    [['--allow-kv=a:b:c'], 'expected NAME, or NAME:write'],
    [['--allow-browser=ftp://example.com'], 'expected a host, an http or https origin, or *'],
    [['--allow-browser=https://example.com/path'], 'an origin is a scheme, a host and a port'],
    [['--browser-actions=interact'], 'the guest may open no page'],
    [
      ['--allow-browser=*', '--browser-actions=fly'],
      'expected some of navigate, extract, interact, screenshot',
    ],
    [['--database=app', '--allow-sql=app'], 'expected NAME=URL'],
  ])('refuses %j', async (args, message) => {
    await expect(read(...args)).rejects.toThrow(message);
  });

  test('a database is a file, in memory, or a URL of the environment', () => {
    expect(
      powers(
        { DATABASE_URL: 'postgresql://me:secret@db.example/app', LOCAL: 'sqlite:here.db' },
        '--database=a=sqlite:./a.db',
        '--database=b=memory:',
        '--database=c=DATABASE_URL',
        '--database=d=LOCAL',
      ).sql,
    ).toEqual({
      a: `sqlite:${join(cwd, 'a.db')}`,
      b: 'memory:',
      c: 'postgresql://me:secret@db.example/app',
      d: `sqlite:${join(cwd, 'here.db')}`,
    });
    expect(powers({})).toEqual({ secrets: {} });
  });

  test('a password on the command line is refused and not repeated', () => {
    const give = () => powers({}, '--database=app=postgresql://me:hunter2@db.example/app');
    expect(give).toThrow('it holds a password, which every process of this machine could see');
    expect(give).not.toThrow('hunter2');
    expect(() => powers({}, '--database=app=DATABASE_URL')).toThrow('the variable is not set or empty');
  });
});
