import type { GuestResult } from '../../../runtime/contracts/engine.ts';
import { createComponentEngine } from '../../../runtime/engines/component/engine.ts';
import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import { buildTool } from '../../../scripts/build-tools.ts';
import { prepareGuest, wasm } from '../../support/engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from '../../support/fake-host.ts';

const engine = createComponentEngine();

/** Builds a tool of guest-tools/ if it changed, and calls it once with a fake host that serves `operations`. */
export async function runTool(
  name: string,
  input: JsonValue,
  operations: NonNullable<FakeHostOptions['operations']>,
): Promise<{ readonly result: GuestResult; readonly host: FakeHost }> {
  const guest = await prepareGuest(engine, await wasm(await buildTool(name), `${name}.wasm`));
  const host = createFakeHost({ operations });
  return { result: await engine.execute(guest, runSpec({ args: [input] }), host), host };
}
