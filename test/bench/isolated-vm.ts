import { importIfPresent, type Peer } from './peer.ts';

/** As far as it is used here; see the package's own types. */
interface IsolatedVm {
  readonly default: {
    readonly Isolate: new (options: {
      readonly memoryLimit: number;
    }) => {
      createContextSync(): { evalSync(code: string): unknown };
      dispose(): void;
    };
  };
}

/** A V8 isolate of its own in this process: native code, no fuel, and the boundary is V8 itself. */
export const isolatedVm = (code: string): Peer => ({
  name: 'isolated-vm: fresh isolate',
  open: async () => {
    const found = (await importIfPresent('isolated-vm')) as IsolatedVm | undefined; // typed by the interface above
    if (found === undefined) return undefined;
    return {
      name: 'isolated-vm: fresh isolate',
      once: () => {
        const isolate = new found.default.Isolate({ memoryLimit: 64 });
        isolate.createContextSync().evalSync(code);
        isolate.dispose();
        return undefined;
      },
    };
  },
});
