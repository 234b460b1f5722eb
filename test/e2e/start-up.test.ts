import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const INDEX = new URL('../../runtime/index.ts', import.meta.url).href;

/** Large packages that a program needs only once a run uses what they are for. */
const LATER = ['undici', 'ipaddr.js', 'pg', 'libpg-query', 'playwright-core', '@modelcontextprotocol/server'];

test('making a runtime loads none of the packages that single host functions or doors stand on', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({ load: (url, context, next) => {
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
      if (name !== undefined) loaded.add(name);
      return next(url, context);
    } });
    const { createRuntime } = await import(${JSON.stringify(INDEX)});
    await createRuntime().close();
    console.log(JSON.stringify([...loaded]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const loaded: readonly string[] = JSON.parse(stdout);
  expect(loaded).toContain('ajv');
  expect(loaded.filter((name) => LATER.includes(name))).toEqual([]);
});
