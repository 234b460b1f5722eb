import { expect } from 'vitest';
import { createRuntime } from '../../../runtime/index.ts';
import { buildAdder } from '../../support/adder.ts';
import { COUNTED, type Report } from './guests.ts';

/** What every platform answers alike. */
export async function expectReport(report: Report, platform: string): Promise<void> {
  expect(report).toMatchObject({
    platform,
    levels: ['minimal'],
    javascript: { ok: true, value: 42, stdout: '1,4,9\n', meta: { level: 'minimal', engine: 'quickjs' } },
    typescript: { ok: true, value: 'kept', usage: { hostCalls: { 'fs.write': 1, 'fs.read': 1 } } },
    denied: { ok: false, error: { code: 'CAPABILITY_DENIED' } },
    network: { ok: false, error: { code: 'UNSUPPORTED' } },
    endless: { ok: false, error: { code: 'FUEL_EXHAUSTED' } },
    component: { ok: true, value: 42, meta: { engine: 'component' } },
    // Where nothing can be compiled there is no engine for modules in bytes.
    module: platform === 'browser' ? { ok: true, value: 42 } : { ok: false, error: { code: 'UNSUPPORTED' } },
    standard: { ok: false, error: { code: 'UNSUPPORTED', details: { levels: ['minimal'] } } },
    session: { ok: true, value: 42, meta: { level: 'minimal' } },
    tool: { ok: true, value: '42 m', meta: { level: 'minimal' } },
    toolInvalid: { ok: false, error: { code: 'INPUT_INVALID', details: { errors: { length: 4 } } } },
    codeMode: { ok: true, value: '2 km' },
  });
  expect(report.javascript.usage.fuel).toBeGreaterThan(1000);
  await using node = createRuntime({ cache: false });
  const counted = await node.run(COUNTED);
  expect(report.counted).toMatchObject({ ok: true, value: counted.ok ? counted.value : '' });
  expect(report.counted.usage.fuel).toBe(counted.usage.fuel);
  const added = await node.run({
    module: await buildAdder(),
    invoke: 'add',
    args: [40, 2],
    level: 'minimal',
  });
  expect(report.component.usage.fuel).toBe(added.usage.fuel);
}
