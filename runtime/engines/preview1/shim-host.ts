import { type Fd, WASI, wasi } from '@bjorn3/browser_wasi_shim';
import { preopens } from '../../vocabulary/preopens.ts';
import { descriptorFunctions } from './descriptor-functions.ts';
import { createFiles } from './files.ts';
import { type GuardContext, guarded, type WasiBody } from './guarded.ts';
import type { Import } from './jspi.ts';
import { OpenFolder } from './open-folder.ts';
import { pathFunctions } from './path-functions.ts';
import { blockingPoll, suspendingPoll } from './poll-function.ts';
import { processFunctions } from './process-functions.ts';
import type { OpenedHost, Preview1Host } from './run-module.ts';
import { StandardInput, StandardOutput } from './standard-streams.ts';
import { isWasiFunction, WASI_FUNCTIONS } from './wasi-functions.ts';

/** Builds the functions that one run's module imports, over the shim's where those are right, and over our own elsewhere. */
export function openShimHost(context: Preview1Host): OpenedHost {
  const { run, host, control, memory, data, allowed, charge } = context;
  const files = createFiles(host, run.limits.hostCallBytes);
  const fds: (Fd | undefined)[] = [
    new StandardInput(run.stdin),
    new StandardOutput(host, 'stdout'),
    new StandardOutput(host, 'stderr'),
    ...preopens(run).map(({ name, path }) => OpenFolder.preopen(files, name, path)),
  ];
  const shim = new WASI([], [], []);
  shim.fds = fds as Fd[]; // the shim itself puts undefined where a descriptor was closed
  // The shim counts text in UTF-16 units, trusts each length, reads the machine's own clocks, waits in a busy loop, links and renames objects in
  // memory, and knows no symlinks: those functions are ours.
  const own: Readonly<Record<string, WasiBody>> = {
    ...processFunctions(context),
    ...descriptorFunctions({ memory, fds, chunkBytes: files.chunkBytes, charge }),
    ...pathFunctions(memory, fds),
    poll_oneoff: blockingPoll(context, fds),
  };
  const guard: GuardContext = { memory, fds, control, charge };
  const functions: Record<string, Import> = Object.create(null);
  for (const name of data.wasi) {
    const spec = isWasiFunction(name) ? WASI_FUNCTIONS[name] : undefined;
    if (spec === undefined) continue; // prepare refused modules that import anything else
    const body: WasiBody | undefined = own[name] ?? shim.wasiImport[name];
    if (allowed !== undefined && !allowed.has(name) && name !== 'proc_exit') {
      functions[name] = guarded({ params: spec.params, result: true }, guard, () => wasi.ERRNO_NOTCAPABLE);
    } else if (name === 'poll_oneoff' && context.suspends) {
      functions[name] = suspendingPoll(context, fds, guard);
    } else if (body !== undefined) functions[name] = guarded(spec, guard, body);
  }
  return {
    ok: true,
    functions,
    attach: (_instance, exported) => {
      if (exported !== undefined) shim.inst = { exports: { memory: exported } };
    },
  };
}
