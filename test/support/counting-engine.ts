import type { CellGuest, Engine, GuestHost, GuestResult, RunSpec } from '../../runtime/contracts/engine.ts';

/** A small engine of an embedder's own: `count N` counts to a number, and can be stopped at each. */
export async function execute({ data }: CellGuest, _run: RunSpec, host: GuestHost): Promise<GuestResult> {
  const used = { memoryBytes: 65_536, fuel: null, growthRefused: false };
  let count = 0;
  for (; count < Number(data); count++) {
    const reason = host.stopReason();
    if (reason !== undefined) return { kind: 'limit', limit: reason, ...used };
  }
  return { kind: 'value', value: count, ...used };
}

export const countingEngine: Engine = {
  name: 'counter',
  version: '1.0.0',
  languages: ['fake'],
  realm: 'sealed',
  memoryBytes: 1024 * 1024,
  stackSizeMb: 4,
  inline: true,
  executorUrl: import.meta.url,
  execute,
  prepare: async (source) => ({
    engine: 'counter',
    data: source.kind === 'script' ? (/^count (.+)$/.exec(source.code)?.[1] ?? '0') : '0',
    modules: {},
  }),
};
