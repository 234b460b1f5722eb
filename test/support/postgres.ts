import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';

/** A server of a test's own, on loopback, in a temporary folder. */
export interface TestPostgres extends AsyncDisposable {
  /** As a role that owns its database and is no superuser. */
  readonly url: string;
  /** As a role that may sign in and connect, and nothing else. */
  readonly strangerUrl: string;
  /** Statements as the superuser, past the runtime. */
  admin(text: string): Promise<readonly Record<string, unknown>[]>;
}

const FOLDER = '/usr/lib/postgresql';

/** Where its programs are; `undefined` where it is not installed. */
export function findPostgres(): string | undefined {
  if (!existsSync(FOLDER)) return undefined;
  return readdirSync(FOLDER)
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(FOLDER, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** It does not run as root: then as nobody. */
const NOBODY = 65_534;
const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

export async function startPostgres(bin: string): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-postgres-'));
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'admin', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'],
    { ...owner, encoding: 'utf8', cwd: folder },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${made.stdout}`);
  const port = await freePort();
  const options = [
    'fsync=off',
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
  ];
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...options.flatMap((option) => ['-c', option])], {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-10_000);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${log}`)));
  });
  const at = `127.0.0.1:${port}`;
  const client = new pg.Client({ connectionString: `postgresql://admin@${at}/postgres` });
  await client.connect();
  const admin = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const answer: unknown = await client.query(text);
    const last = Array.isArray(answer) ? answer.at(-1) : answer;
    return (last as { readonly rows: readonly Record<string, unknown>[] }).rows; // what pg answers
  };
  await admin("create role app login password 's3cret-word'");
  await admin('create role stranger login');
  await admin('create database app owner app');
  return {
    url: `postgresql://app:s3cret-word@${at}/app`,
    strangerUrl: `postgresql://stranger@${at}/app`,
    admin,
    async [Symbol.asyncDispose]() {
      await client.end();
      const ended = once(server, 'exit');
      server.kill('SIGINT'); // fast: whoever is connected is sent away
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
