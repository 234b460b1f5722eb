import { createComponentEngine } from '../../runtime/engines/component/engine.ts';
import { execute as executeInRealm } from '../../runtime/platform/component/component-node.ts';
import { commandGuest, probeGuest, wat } from '../guests/component/build.ts';
import { wasm } from '../support/engine-guests.ts';
import { describeEngine, type EngineSamples } from './engine-suite.ts';

// Built before the suite describes itself: samples are plain data.
const command = await wasm(await commandGuest(), 'command.wasm');
const probe = await wasm(await probeGuest(), 'probe.wasm');
const recursion = await wasm(
  await wat(`(component
    (core module $m (func $f (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (local.get 0))))
    (core instance $i (instantiate $m))
    (func (export "down") (param "a" s32) (result s32) (canon lift (core func $i "f"))))`),
  'recursion.wasm',
);

const asked = (step: string, more: Record<string, string> = {}) => ({
  source: probe,
  spec: { args: [{ step, ...more }] },
});
const told = (...argv: string[]) => ({ source: command, spec: { argv } });

const samples: EngineSamples = {
  value: { ...asked('echo', { text: 'é' }), value: { text: 'é' } },
  exit: { ...told('exit', '3'), exitCode: 3 },
  trap: told('trap'),
  print: { ...told('print', 'to stdout', 'to stderr'), stdout: 'to stdout', stderr: 'to stderr' },
  flood: told('flood'),
  stubbornFlood: asked('stubbornFlood'),
  echo: told('cat'),
  spin: told('spin'),
  stubbornSpin: asked('stubbornSpin'),
  wait: told('sleep', '3600000'),
  recurse: { source: recursion, spec: { invoke: 'down', args: [1] } },
  allocate: { ...told('allocate'), memoryBytes: 8 * 1024 * 1024 },
  allocateAndCope: { ...told('cope'), memoryBytes: 8 * 1024 * 1024 },
  refused: {
    source: probe,
    spec: { args: [{ step: 'fs', call: 'readText', args: ['/x'] }] },
    operation: 'fs.readFile',
  },
  refusalHandled: { ...asked('handled', { path: '/x' }), operation: 'fs.readFile' },
  refusalForged: { ...asked('forged', { path: '/x' }), operation: 'fs.readFile' },
  mark: asked('mark'),
  unreadable: { source: { ...probe, bytes: probe.bytes.slice(0, 1000), hash: 'cut' } },
  ambient: told('random'),
};

for (const mode of ['jspi', 'sync'] as const) {
  describeEngine(`component (${mode})`, { engine: () => createComponentEngine({ mode }), samples });
  describeEngine(`component (${mode}), by glue`, {
    engine: () => createComponentEngine({ mode, glueOnly: true }),
    samples,
  });
  describeEngine(`component (${mode}), its glue in a realm of its own`, {
    engine: () => ({ ...createComponentEngine({ mode, glueOnly: true }), execute: executeInRealm }),
    samples,
  });
}
