import { expect } from 'vitest';
import type { Report } from './guests.ts';

/** What every platform answers alike. */
export function expectReport(report: Report, platform: string): void {
  expect(report).toMatchObject({
    platform,
    levels: ['minimal'],
    javascript: { ok: true, value: 42, stdout: '1,4,9\n', meta: { level: 'minimal', engine: 'quickjs' } },
    typescript: { ok: true, value: 'kept', usage: { hostCalls: { 'fs.write': 1, 'fs.read': 1 } } },
    denied: { ok: false, error: { code: 'CAPABILITY_DENIED' } },
    network: { ok: false, error: { code: 'UNSUPPORTED' } },
    endless: { ok: false, error: { code: 'FUEL_EXHAUSTED' } },
    component: { ok: true, value: 42, meta: { engine: 'component' } },
    standard: { ok: false, error: { code: 'UNSUPPORTED', details: { levels: ['minimal'] } } },
  });
  expect(report.javascript.usage.fuel).toBeGreaterThan(1000);
  expect(report.component.usage.fuel).toBeGreaterThan(0);
}
