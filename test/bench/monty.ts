import { importIfPresent, type Peer } from './peer.ts';

/** As far as it is used here; see the package's own types. */
interface MontyPackage {
  readonly Monty: new (code: string) => { run(): unknown };
}

/** A native interpreter of a part of Python: no classes, no standard library. */
export const monty = (code: string): Peer => ({
  name: 'monty: fresh run',
  open: async () => {
    const found = (await importIfPresent('@pydantic/monty')) as MontyPackage | undefined; // typed by the interface above
    if (found === undefined) return undefined;
    return {
      name: 'monty: fresh run',
      once: () => {
        new found.Monty(code).run();
        return undefined;
      },
    };
  },
});
