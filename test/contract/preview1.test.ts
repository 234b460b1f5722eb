import { createPreview1Engine, createWasmerEngine } from '../../runtime/engines/preview1/engine.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { wasm } from '../support/engine-guests.ts';
import { verifies } from '../support/verifies.ts';
import { describeEngine, type EngineSamples } from './engine-suite.ts';

verifies('EX-37');

const MIB = 1024 * 1024;
const guest = async (name: string) => wasm(await loadGuest(name), name.slice(name.lastIndexOf('/') + 1));
const stubborn = await guest('preview1/stubborn.wat');
const grow = await guest('preview1/grow.wat');

const samples: EngineSamples = {
  value: { source: await guest('preview1/numbers.wat'), spec: { invoke: 'fib', args: [10] }, value: 55 },
  exit: { source: await guest('preview1/exit.wat'), exitCode: 3 },
  threw: {
    source: await guest('assembly/calculator.ts'),
    spec: { invoke: 'average', args: [1, 0] },
    name: 'abort',
    message: 'count must be positive',
    line: 3,
  },
  trap: { source: await guest('preview1/trap.wat') },
  print: { source: await guest('preview1/hello.wat'), stdout: 'to stdout\n', stderr: 'to stderr\n' },
  flood: { source: await guest('preview1/flood.wat') },
  stubbornFlood: { source: stubborn, spec: { invoke: 'flood' } },
  echo: { source: await guest('preview1/echo.wat') },
  spin: { source: await guest('preview1/spin.wat') },
  stubbornSpin: { source: stubborn },
  wait: { source: await guest('preview1/sleep.wat') },
  recurse: { source: await guest('preview1/recurse.wat') },
  allocate: { source: grow, memoryBytes: 4 * MIB },
  allocateAndCope: { source: grow, spec: { invoke: 'cope' }, memoryBytes: 4 * MIB },
  mark: { source: await guest('preview1/mark.wat'), spec: { invoke: 'mark' } },
  ambient: { source: await guest('preview1/ambient.wat'), spec: { invoke: 'ambient' } },
  unreadable: { source: await wasm(new TextEncoder().encode('print("no wasm")'), 'script.wasm') },
};

describeEngine('preview1', { engine: () => createPreview1Engine(), samples });

// Its poll_oneoff panics, so sleeping is refused: preview1-wasmer.test.ts pins that.
const { wait: _cannotSleep, ...withoutSleep } = samples;
describeEngine('preview1-wasmer', { engine: () => createWasmerEngine(), samples: withoutSleep });
