import { createRuntime } from '../../../runtime/index.workerd.ts';
import { runGuests } from './guests.ts';
import { component } from './prebuilt/adder.js';
import quickjs from './quickjs.wasm';

const worker = {
  fetch: async (): Promise<Response> => {
    await using runtime = createRuntime({ wasm: { quickjs } });
    return Response.json(await runGuests(runtime, component));
  },
};

// biome-ignore lint/style/noDefaultExport: what workerd takes as the entry
export { worker as default };
