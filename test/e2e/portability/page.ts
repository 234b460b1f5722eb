import { createRuntime } from '../../../runtime/index.browser.ts';
import { type Report, runGuests } from './guests.ts';
import { component } from './prebuilt/adder.js';

declare global {
  interface Window {
    report: Promise<Report>;
  }
}

window.report = (async () => {
  await using runtime = createRuntime({ wasm: { quickjs: new URL('./quickjs.wasm', import.meta.url) } });
  return await runGuests(runtime, component);
})();
