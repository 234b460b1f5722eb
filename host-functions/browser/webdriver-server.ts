import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { BrowserRefusal } from './browser-refusal.ts';
import { browserEnvironment, doesNotStart } from './chromium-program.ts';

export interface ChromedriverOptions {
  /** Of a server that runs already. */
  readonly url: string | undefined;
  /** The program of one to start. */
  readonly driverPath: string | undefined;
}

export interface WebdriverServer {
  /** Where sessions of WebDriver BiDi are made. */
  readonly endpoint: string;
  end(): Promise<void>;
}

const SYSTEM = ['/usr/bin/chromedriver', '/usr/local/bin/chromedriver'];
const READY = /started successfully on port (\d{1,5})/;
const START_MS = 20_000;

/** @throws {BrowserRefusal} */
export async function startChromedriver({ url, driverPath }: ChromedriverOptions): Promise<WebdriverServer> {
  if (url !== undefined) return { endpoint: endpointOf(url), end: async () => undefined };
  const program = driverPath ?? SYSTEM.find((path) => existsSync(path));
  if (program === undefined)
    throw new BrowserRefusal(
      'unsupported',
      'there is no chromedriver on this machine',
      'Install it (apt-get install chromium-driver), or name it: createRuntime({ browser: { driverPath } })',
    );
  const child = process.platform === 'win32' ? startAlone(program) : startWatched(program);
  const kill = (): void => {
    if (process.platform === 'win32') child.kill();
    else child.stdin?.end();
  };
  process.once('exit', kill);
  const ended = once(child, 'exit').catch(() => undefined);
  const end = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  try {
    if (child.stdout === null) throw new Error('it has no output'); // it was asked for one
    const port = await portOf(child.stdout);
    return { endpoint: `ws://127.0.0.1:${port}/session`, end };
  } catch (error) {
    await end();
    throw doesNotStart('chromedriver', error, driverPath !== undefined);
  }
}

/**
 * Waits for the end of its stdin, which comes with the end of this process, too, whatever ends it; then it ends all of its group: chromedriver, and
 * the browsers that chromedriver has started. Its stdout is chromedriver's alone: it ends with it.
 */
const WATCH = `"$0" --port=0 < /dev/null & driver=$!
exec > /dev/null
trap : TERM
while read -r _; do :; done
kill -TERM 0
wait "$driver"
kill -KILL 0`;

const startWatched = (program: string): ChildProcess =>
  spawn('/bin/sh', ['-c', WATCH, program], {
    env: browserEnvironment(),
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // a group of its own
  });

const startAlone = (program: string): ChildProcess =>
  spawn(program, ['--port=0'], { env: browserEnvironment(), stdio: ['ignore', 'pipe', 'ignore'] });

async function portOf(stdout: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it took too long')), START_MS);
    stdout.on('data', (chunk: Uint8Array) => {
      if (said.length > 10_000) return;
      said += String(chunk);
      const port = READY.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    });
    stdout.on('end', () => {
      clearTimeout(timer);
      reject(new Error('it has ended'));
    });
  });
}

/** `http://host:9515` and `ws://host:9515/session` name the same server. */
function endpointOf(text: string): string {
  const url = new URL(text);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  if (url.pathname === '/') url.pathname = '/session';
  return url.href;
}
