import type { ByteCache } from '../../../contracts/engine.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { joinInSlices } from '../../../vocabulary/in-slices.ts';
import { MIB } from '../../../vocabulary/units.ts';
import { checkWheel } from './checked-wheel.ts';
import { readAddress } from './index-page.ts';

const MAX_PAGE_BYTES = 32 * MIB;
const MAX_WHEEL_BYTES = 256 * MIB;
const TIMEOUT_MS = 120_000;
const MAX_REDIRECTS = 5;

export interface DownloadOptions {
  /** What was downloaded is kept here, and looked for here first. */
  readonly cache: ByteCache | undefined;
  /** Never ask the network. */
  readonly offline: boolean;
  readonly fetch: typeof fetch;
  /** Told of each download, before it begins. */
  readonly onDownload?: (what: string) => void;
}

/** Brings pages of an index and wheels; on the host, before a run: no guest has a part in it. */
export interface Downloads {
  readonly cache: ByteCache | undefined;
  readonly offline: boolean;
  /** @returns `undefined` if there is no such page. */
  page(address: URL, accept: string): Promise<Page | undefined>;
  /** From the cache, or from its address; in any case with the SHA-256 that was promised. */
  wheel(address: URL, wheel: WheelFile): Promise<Uint8Array>;
}

export interface Page {
  readonly address: URL;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface WheelFile {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

export function createDownloads(options: DownloadOptions): Downloads {
  const { cache, offline } = options;
  return {
    cache,
    offline,
    page: async (address, accept) => {
      if (offline) return undefined;
      options.onDownload?.(`the list of ${address.pathname.split('/').at(-2) ?? 'packages'}`);
      return request(address, accept, MAX_PAGE_BYTES, options.fetch);
    },
    wheel: async (address, wheel) => {
      const key = `wheel ${wheel.sha256}`;
      const kept = await cache?.get(key);
      if (kept !== undefined) {
        await checkWheel(kept, wheel);
        return kept;
      }
      if (offline) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot install "${wheel.name}": ${wheel.file} is not in the cache`,
          {
            hint: 'Fetch it once while not offline',
            details: { package: wheel.name },
          },
        );
      }
      options.onDownload?.(wheel.file);
      const answer = await request(address, '*/*', MAX_WHEEL_BYTES, options.fetch);
      if (answer === undefined) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot install "${wheel.name}": ${wheel.file} is not where it should be`,
          {
            details: { package: wheel.name },
          },
        );
      }
      await checkWheel(answer.bytes, wheel);
      await cache?.set(key, answer.bytes);
      return answer.bytes;
    },
  };
}

/** Redirects may lead from one https address to another, or stay on their origin; each hop is looked at. */
async function request(
  first: URL,
  accept: string,
  maxBytes: number,
  fetching: typeof fetch,
): Promise<Page | undefined> {
  let address = first;
  const failed = (reason: string): SandglassError =>
    new SandglassError(
      'HOST_CALL_FAILED',
      `Cannot download ${address.pathname.split('/').at(-1) || address.host}: ${reason}`,
      {
        details: { reason },
      },
    );
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    if (address.protocol !== 'https:' && address.origin !== first.origin)
      throw failed('its address is not https');
    let response: Response;
    try {
      response = await fetching(address, { headers: { accept }, redirect: 'manual', signal });
    } catch {
      throw failed(signal.aborted ? 'it took too long' : 'the network does not reach it');
    }
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      address = readAddress(location, address) ?? address;
      continue;
    }
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw failed(`the server answered ${response.status}`);
    }
    const bytes = await bodyOf(response, maxBytes).catch(() => {
      throw failed('the connection broke');
    });
    if (bytes === undefined) throw failed(`it is larger than ${maxBytes} bytes`);
    return { address, type: response.headers.get('content-type') ?? '', bytes };
  }
  throw failed('too many redirects');
}

async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) return undefined; // leaving the loop cancels the body
    parts.push(part);
  }
  return joinInSlices(parts);
}
