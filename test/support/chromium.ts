import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Browser } from 'puppeteer-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable'];

/** No sandbox of its own: it runs as root in CI, and it only ever loads our own page. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

/** The system's Chromium if there is one, else the one that comes by npm. Throws where neither starts: a missing browser is a failure. */
export async function launchChromium(): Promise<Browser> {
  const { launch } = await import('puppeteer-core');
  const executablePath = await findChromium();
  return launch({ executablePath, args: FLAGS, headless: 'shell' });
}

/** The program of the system's Chromium if there is one, else of the one that comes by npm. */
export const findChromium = async (): Promise<string> =>
  SYSTEM.find((path) => existsSync(path)) ?? (await packagedChromium());

/** It unpacks itself to the temporary folder; with this variable set it brings the system libraries that a bare Debian lacks. */
async function packagedChromium(): Promise<string> {
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs22.x';
  const { default: chromium } = await import('@sparticuz/chromium');
  return chromium.executablePath();
}
