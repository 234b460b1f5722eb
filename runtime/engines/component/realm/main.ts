// Runs inside the realm of one run, as one bundled script. What it relies on to keep the cell's functions to itself is taken here, before any
// glue: glue may change every object of its realm.

import { inOwnBuffer } from '../../../vocabulary/bytes.ts';
import { after } from '../component-run.ts';
import type { InstantiateGlue } from '../glue/load-glue.ts';
import { runCall } from '../run-call.ts';
import type { BootRealm, RealmPort, RealmRun } from './contract.ts';
import { hostOfRealm, type RealmHost } from './host-of-realm.ts';
import { packValue, unpackValue } from './packed-value.ts';
import { connectSurroundings } from './surroundings.ts';
import { wrapPort } from './wrap-port.ts';

const { Instance } = WebAssembly;

export const boot: BootRealm = (given, trampoline, ...modules) => {
  const port = wrapPort(given);
  connectSurroundings(port);
  /** Glue is given numbers for modules: the modules are the cell's own objects. */
  const makeInstance = (place: unknown, imports?: WebAssembly.Imports): WebAssembly.Instance => {
    const module = typeof place === 'number' ? modules[place] : undefined;
    if (module === undefined) throw new TypeError('Cannot instantiate: there is no such core module');
    return new Instance(module, imports);
  };
  return (entry) => {
    const realm = hostOfRealm(port);
    const instantiate = entry as InstantiateGlue; // what the script of the glue evaluates to
    return {
      run: (text) => {
        const run = JSON.parse(text) as RealmRun; // the cell's own
        const result = runCall({
          ...partsOf(run, realm),
          instantiate,
          getCore: (name) => run.cores.indexOf(name),
          makeInstance,
          ...(trampoline === undefined ? {} : { trampoline }),
        });
        after(result, (ended) => port.done(packed(ended, port)));
      },
      fire: realm.fire,
      settle: realm.settle,
    };
  };
};

const packed = (result: unknown, port: RealmPort): string =>
  JSON.stringify(packValue(result, (bytes) => port.give(inOwnBuffer(bytes).buffer)));

function partsOf(run: RealmRun, realm: RealmHost) {
  const { argv, env, cwd, limits, mounts, deterministic } = run;
  const loaded = (place: number): Uint8Array => realm.loaded(place, run.sizes[place] ?? 0);
  return {
    call: { ...run.call, args: unpackValue(run.args, loaded) as readonly unknown[] }, // a list is what was packed
    data: run,
    host: { ...realm.host, canBlock: run.canBlock },
    spec: {
      runId: '',
      argv,
      env,
      cwd,
      stdin: loaded(0),
      inputs: {},
      args: [],
      limits,
      mounts,
      granted: [],
      options: {},
      // Clocks and random are the cell's, which follow its seed: here it only matters that time stands still.
      ...(deterministic ? { deterministic: { seed: 0, now: 0 } } : {}),
    },
  };
}
