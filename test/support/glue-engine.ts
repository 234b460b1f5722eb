import type { Engine } from '../../runtime/contracts/engine.ts';
import type { ComponentData } from '../../runtime/engines/component/component-data.ts';
import { createNodeComponentEngine } from '../../runtime/platform/component/component-engine.ts';
import { sha256Hex } from '../../runtime/vocabulary/sha256.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';

/** The wasm of a real tool, as far as glue is concerned: one function that answers a number. */
const CORE = instrument(
  Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 5, 1, 96, 0, 1, 127],
    ...[3, 2, 1, 0],
    ...[7, 5, 1, 1, 102, 0, 0],
    ...[10, 6, 1, 4, 0, 65, 42, 11],
  ]),
  { maxMemoryPages: 16 },
);

/**
 * The component engine of Node, run with glue that somebody has written by hand: the `code` of a run. No binary makes such glue; the tests show
 * what would come of one that did.
 */
export const glueEngine: Engine = {
  ...createNodeComponentEngine(),
  name: 'glue',
  languages: ['glue'],
  prepare: async (source) => {
    const glue = source.kind === 'script' ? source.code : '';
    const data: ComponentData = {
      hash: await sha256Hex(new TextEncoder().encode(glue)),
      mode: 'jspi',
      glue,
      imports: [
        'wasi:cli/stdout@0.2.0',
        'wasi:io/streams@0.2.0',
        'wasi:random/random@0.2.0',
        'wasi:clocks/monotonic-clock@0.2.0',
        'wasi:io/poll@0.2.0',
        'sandglass:host/fs@0.1.0',
        'sandglass:host/log@0.1.0',
      ],
      exports: [
        {
          name: 'invoke',
          function: 'invoke',
          type: { params: [{ name: 'input', type: { kind: 'string' } }], result: { kind: 'string' } },
        },
      ],
      tool: true,
    };
    return {
      engine: 'component',
      data,
      modules: { 'guest.core.wasm': { module: await WebAssembly.compile(CORE), bytes: CORE } },
    };
  },
};
