import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { codeOf } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandglass-policy-'));
const file = join(folder, 'policy.json');
let runtime: Runtime | undefined;
afterEach(async () => {
  await runtime?.close();
  runtime = undefined;
});

const write = (policy: unknown): void =>
  writeFileSync(file, typeof policy === 'string' ? policy : JSON.stringify(policy));

test(
  'a policy file is in force, and is read again when it changes; a bad one leaves the old in force',
  verifies('PM-22'),
  async () => {
    write({ version: 1, grant: { env: { A: '1' } } });
    let noticed = Promise.withResolvers<string>();
    runtime = createRuntime({
      policyFile: file,
      level: 'minimal',
      onNotice: ({ kind, message }) => noticed.resolve(`${kind} ${message}`),
    });
    const changed = async (change: () => void): Promise<string> => {
      noticed = Promise.withResolvers();
      change();
      return noticed.promise;
    };
    const { tools, policy } = runtime;
    tools.register(
      { name: 'look', description: 'x', capabilities: ['env'] },
      { language: 'js', code: 'export const run = () => process.env.A' },
    );
    expect(await tools.call('look')).toMatchObject({ ok: true, value: '1' });

    expect(await changed(() => write({ version: 1, grant: { env: { A: '2' } }, tools: {} }))).toContain(
      'policy-read',
    );
    expect(await tools.call('look')).toMatchObject({ ok: true, value: '2' });
    expect(policy.revision).toBe(2);

    expect(await changed(() => write({ version: 1, grant: { envs: {} } }))).toContain('did you mean "env"?');
    expect(policy.refused).toMatchObject({
      code: 'MANIFEST_INVALID',
      details: { file, errors: [{ path: 'grant' }] },
    });
    expect(await tools.call('look')).toMatchObject({ ok: true, value: '2' });

    expect(await changed(() => write('{ "version"'))).toContain('it is not JSON');
    expect(await changed(() => rmSync(file))).toContain('there is no such file');
    expect(await tools.call('look')).toMatchObject({ ok: true, value: '2' });
    expect(policy.revision).toBe(2);

    // As editors do it: another file takes its place.
    const beside = join(folder, 'policy.json.new');
    writeFileSync(beside, JSON.stringify({ version: 1, grant: {} }));
    expect(await changed(() => renameSync(beside, file))).toContain('policy-read');
    expect(policy.refused).toBeUndefined();
    expect(codeOf(await tools.call('look'))).toBe('CAPABILITY_DENIED');
  },
);

test('a policy file that cannot be read is not a runtime', verifies('PM-22'), () => {
  write({ version: 1, tools: { alow: [] } });
  expect(() => createRuntime({ policyFile: file })).toThrow(
    expect.objectContaining({ code: 'MANIFEST_INVALID', details: expect.objectContaining({ file }) }),
  );
  expect(() => createRuntime({ policyFile: join(folder, 'none.json') })).toThrow('there is no such file');
  expect(() => createRuntime({ policyFile: file, policy: {} })).toThrow(TypeError);
});
