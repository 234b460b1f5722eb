import { spawn } from 'node:child_process';
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
  const child = spawn(program, ['--port=0'], {
    env: browserEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const kill = (): void => void child.kill();
  process.once('exit', kill);
  const ended = once(child, 'exit').catch(() => undefined);
  const end = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  try {
    const port = await portOf(child.stdout, ended);
    return { endpoint: `ws://127.0.0.1:${port}/session`, end };
  } catch (error) {
    await end();
    throw doesNotStart('chromedriver', error, driverPath !== undefined);
  }
}

async function portOf(stdout: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
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
    void ended.then(() => {
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
