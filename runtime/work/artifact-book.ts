import type { ArtifactPage, ArtifactPart, Artifacts } from '../contracts/api/artifacts.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';
import { Recent } from '../vocabulary/recent.ts';

export interface KeptArtifact {
  readonly id: string;
  /** The tool whose result it is. */
  readonly tool: string;
}

/** Whose results the artifacts are: a caller reads its own and no others. */
export interface ArtifactBook {
  /** Notes the artifact of an outcome, where it has one. @param caller Id of whoever called; `undefined` for the embedder. */
  note(outcome: OutcomeJson, caller: string | undefined): void;
  /** Those of one caller, the latest first. */
  list(caller: string | undefined): readonly KeptArtifact[];
  /** `undefined` for what is not there, or is another's. @throws {RangeError} as `artifacts.read` does. */
  read(id: string, caller: string | undefined, page?: ArtifactPage): ArtifactPart | undefined;
}

/** As many as the runtime keeps. */
const MOST = 200;

export function createArtifactBook(artifacts: Artifacts): ArtifactBook {
  const owners = new Recent<KeptArtifact & { readonly owner: string }>(MOST);
  return {
    note(outcome, caller = '') {
      const { artifact, tool } = outcome as { readonly artifact?: unknown; readonly tool?: unknown };
      if (typeof artifact === 'string')
        owners.set(artifact, { id: artifact, tool: String(tool), owner: caller });
    },
    list: (caller = '') =>
      owners
        .values()
        .filter(({ owner, id }) => owner === caller && artifacts.read(id, { length: 1 }) !== undefined)
        .map(({ id, tool }) => ({ id, tool })),
    read(id, caller = '', page = {}) {
      return owners.get(id)?.owner === caller ? artifacts.read(id, page) : undefined;
    },
  };
}
