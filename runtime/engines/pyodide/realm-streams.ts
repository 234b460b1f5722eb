import type { Present } from './present.ts';
import type { RealmPort } from './realm/contract.ts';
import { bytesOf, fillRandom } from './realm-bytes.ts';

export interface RealmStreams {
  readonly port: Pick<RealmPort, 'random' | 'decode' | 'write'>;
  /** The run had no room for what was written last. */
  readonly outputSpent: boolean;
}

/** Bytes that go out of the realm, and random ones that come in. */
export function createRealmStreams(at: Present): RealmStreams {
  const decoder = new TextDecoder();
  let outputSpent = false;
  return {
    get outputSpent() {
      return outputSpent;
    },
    port: {
      random: (into) => {
        const bytes = bytesOf(into);
        if (at.link === undefined) fillRandom(bytes);
        else at.link.host.random(bytes);
      },
      decode: (buffer, offset, length) => decoder.decode(bytesOf(buffer, offset, length)),
      write: (stream, buffer, offset, length) => {
        const bytes = bytesOf(buffer, offset, length);
        if (at.link !== undefined && !at.link.host.write(stream === 2 ? 'stderr' : 'stdout', bytes))
          outputSpent = true;
      },
    },
  };
}
