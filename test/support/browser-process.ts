import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

export interface BrowserProcess {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
  end(): Promise<void>;
}

const ENTRY = new URL('../../runtime/index.ts', import.meta.url).href;

/** A browser service in a process of its own, of this source tree. */
export async function startBrowserProcess(executablePath: string): Promise<BrowserProcess> {
  const token = crypto.randomUUID();
  const program = `import { serveBrowser } from ${JSON.stringify(ENTRY)};
    const server = await serveBrowser(${JSON.stringify({ token, executablePath, sandbox: false })});
    console.log('at ' + server.url);
    process.stdin.resume().on('end', () => server.close().then(() => process.exit(0)));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const url = /at (http:\S+)\n/.exec(said)?.[1];
    if (url === undefined) continue;
    return {
      url,
      token,
      child,
      end: async () => {
        child.stdin.end();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      },
    };
  }
  throw new Error('the browser service does not start');
}
