import type { GuestResult, RunSpec } from '../../../runtime/contracts/engine.ts';
import {
  type ComponentEngineOptions,
  createComponentEngine,
} from '../../../runtime/engines/component/engine.ts';
import { type Limits, mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { prepareGuest, wasm } from '../../support/engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from '../../support/fake-host.ts';

export interface ComponentRun {
  readonly result: GuestResult;
  readonly host: FakeHost;
}

/** Prepares and runs one component with a fake host, in one wait mode. */
export async function runComponent(
  bytes: Uint8Array<ArrayBuffer>,
  spec: Partial<RunSpec> = {},
  options: FakeHostOptions & {
    readonly mode?: ComponentEngineOptions['mode'];
    readonly limits?: Partial<Limits>;
  } = {},
): Promise<ComponentRun> {
  const { mode = 'auto', limits: asked = {}, ...hostOptions } = options;
  const engine = engines[mode];
  const limits = mergeLimits([asked]);
  const guest = await prepareGuest(engine, await wasm(bytes, 'component.wasm'), limits);
  const host = createFakeHost({ outputBytes: limits.outputBytes, ...hostOptions });
  const { deterministic } = hostOptions;
  const full = runSpec({ limits, ...(deterministic === undefined ? {} : { deterministic }), ...spec });
  return { result: await engine.execute(guest, full, host), host };
}

const engines = {
  auto: createComponentEngine(),
  jspi: createComponentEngine({ mode: 'jspi' }),
  sync: createComponentEngine({ mode: 'sync' }),
};
