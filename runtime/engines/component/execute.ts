import type { CellGuest, Execute, OpenGuest } from '../../contracts/engine.ts';
import { chooseCall } from './choose-call.ts';
import type { ComponentData } from './component-data.ts';
import { type InstantiateGlue, loadGlue } from './glue/load-glue.ts';
import { keepComponent } from './keep-component.ts';
import { coreName } from './linking/core-name.ts';
import { createLinker } from './linking/link.ts';
import { runCall } from './run-call.ts';
import { withToolAnswer } from './tool-answer.ts';

/** Loaded glue by the data it came with: an inline cell, which sees the same data every run, loads it once a component. */
const loaded = new WeakMap<object, Promise<InstantiateGlue>>();

/** Runs one component in a fresh instance: by its links, or its glue in this thread's own realm. */
export const execute: Execute = async (guest, spec, host) => {
  const data = guest.data as ComponentData; // made by this engine's prepare
  const call = chooseCall(data, spec);
  if ('kind' in call) return { ...call, memoryBytes: 0, fuel: 0, growthRefused: false };
  const instantiate = await glueOf(guest, data);
  const result = await runCall({
    call,
    data,
    spec,
    host,
    instantiate,
    getCore: coresOf(guest),
    makeInstance: (module, imports) => new WebAssembly.Instance(module as WebAssembly.Module, imports), // what getCore gave
  });
  return withToolAnswer(result, call, spec.limits.outputBytes);
};

/** Keeps one instance of a component for the calls of a session. */
export const open: OpenGuest = async () =>
  keepComponent(async (guest) => ({
    instantiate: await glueOf(guest, guest.data as ComponentData), // made by this engine's prepare
    getCore: coresOf(guest),
  }));

const coresOf =
  (guest: CellGuest) =>
  (name: string): WebAssembly.Module => {
    const module = guest.modules[name];
    if (module === undefined) throw new TypeError(`Cannot instantiate: there is no core module ${name}`);
    return module;
  };

function glueOf(guest: CellGuest, data: ComponentData): InstantiateGlue | Promise<InstantiateGlue> {
  if (typeof guest.local === 'function') return Promise.resolve(guest.local as InstantiateGlue); // `PrebuiltComponent.instantiate`
  if (data.links !== undefined) {
    const { plan, waiting } = data.links;
    return createLinker({ plan, waiting, mode: data.mode, nameOf: coreName });
  }
  const known = loaded.get(data);
  if (known !== undefined) return known;
  const loading = loadGlue(data.glue);
  loaded.set(data, loading);
  return loading;
}
