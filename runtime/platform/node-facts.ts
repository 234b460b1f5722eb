import process from 'node:process';

/** Runtimes that speak Node's modules. */
export type HostName = 'node' | 'deno' | 'bun';

/** What this process really has, whatever version of Node it claims to be. */
export interface NodeFacts {
  readonly name: HostName;
  readonly version: string;
  /**
   * Threads and processes hold a guest as the stricter levels promise: they take `--permission`, their network can be closed, and ending one stops
   * wasm that loops. Deno and Bun start them, and do none of the three.
   */
  readonly holdsGuests: boolean;
  readonly jspi: boolean;
  /** CPU time of this thread, ms; absent where nobody tells it. */
  readonly cpuMs?: () => number;
}

export function nodeFacts(): NodeFacts {
  const versions: Readonly<Record<string, string | undefined>> = process.versions;
  const name: HostName = versions.deno !== undefined ? 'deno' : versions.bun !== undefined ? 'bun' : 'node';
  const takesPermission = process.allowedNodeEnvironmentFlags?.has('--permission') === true;
  return {
    name,
    version: versions[name] ?? 'unknown',
    holdsGuests: name === 'node' && takesPermission,
    jspi: 'Suspending' in WebAssembly,
    ...(typeof process.threadCpuUsage === 'function' && name === 'node' ? { cpuMs } : {}),
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
