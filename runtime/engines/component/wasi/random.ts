import type { ComponentRun } from '../component-run.ts';

/** `wasi:random/*`: all three from the cell's source, which a deterministic run seeds. */
export function randomInterfaces(run: ComponentRun) {
  const bytes = (length: bigint): Uint8Array => {
    run.check();
    if (length > BigInt(run.spec.limits.hostCallBytes)) {
      run.end({
        kind: 'trapped',
        message: `Cannot make ${length} random bytes: over ${run.spec.limits.hostCallBytes} at a time`,
      });
    }
    run.pay(Number(length));
    const filled = new Uint8Array(Number(length));
    run.host.random(filled);
    return filled;
  };
  const u64 = (): bigint => new DataView(bytes(8n).buffer).getBigUint64(0, true);
  return {
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
    'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
  };
}
