import { instrument } from '../../../wasm/instrument.ts';
import { readComponent } from '../types/read-component.ts';
import { checkLinks } from './check-links.ts';
import { coreName } from './core-name.ts';
import type { LinkPlan } from './link-plan.ts';

/** Input of the job: a component that the guard and the interface check let through. */
export interface LinkInput {
  readonly bytes: Uint8Array;
}

export interface LinkedParts {
  readonly plan: LinkPlan;
  /** Metered, and made ready for any cap on their memory. */
  readonly cores: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[];
}

/** As much as can be addressed: the cap of a run is put on later. */
const ALL_PAGES = 65_536;

/**
 * Reads how a component is linked, and meters its core modules. `undefined`: it has something that needs generated glue, or that the generator
 * has to refuse.
 */
export function job(input: unknown): LinkedParts | undefined {
  const { bytes } = input as LinkInput; // only prepare.ts sends this job
  const { links } = readComponent(bytes);
  if (links === undefined || !checkLinks(bytes, links)) return undefined;
  return {
    plan: links.plan,
    cores: links.modules.map(({ start, end }, place) => [
      coreName(place),
      instrument(bytes.subarray(start, end), { maxMemoryPages: ALL_PAGES }),
    ]),
  };
}
