/** What a guest asks of `crypto.subtle`; the bytes it goes with lie one after the other in one buffer. */
interface Request {
  readonly op: string;
  readonly algorithm?: Algorithm;
  readonly key?: KeyText;
  readonly other?: KeyText;
  readonly usages?: string[];
  readonly format?: string;
  readonly lengths: readonly number[];
  readonly bits?: number;
}
/** A key as the guest keeps it: how to import it again. `at` is its place among the byte parts. */
interface KeyText {
  readonly format: 'raw' | 'pkcs8' | 'spki' | 'jwk';
  readonly algorithm: Algorithm;
  readonly usages: string[];
  readonly at?: number;
  readonly jwk?: object;
}
type Algorithm = { readonly name: string } & Record<string, unknown>;
type Data = Uint8Array<ArrayBuffer>;

export interface SubtleAnswer {
  /** JSON `{ value }` or `{ error: [name, message] }`. */
  readonly text: string;
  readonly bytes?: Data;
}

/** Work of one operation beside its bytes, in bytes of native work. */
const COST: Readonly<Record<string, number>> = {
  rsaKey: 64_000_000,
  rsa: 4_000_000,
  curve: 500_000,
  iteration: 256,
};
/** Rounds of PBKDF2, over all blocks of the answer: about a second of a thread that others of the process wait for, and nothing ends it. */
const MOST_ROUNDS = 2_000_000;
/** Bytes of one block of PBKDF2. */
const BLOCK_BYTES: Readonly<Record<string, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};
const MOST_MODULUS = 4096;
const KNOWN: ReadonlySet<string> = new Set(
  'HMAC AES-GCM AES-CBC AES-CTR AES-KW PBKDF2 HKDF ECDSA ECDH Ed25519 X25519 RSASSA-PKCS1-v1_5 RSA-PSS RSA-OAEP'.split(
    ' ',
  ),
);
/** These draw from the platform's own randomness, so that they cannot repeat. */
const drawsRandom = ({ op, algorithm }: Request): boolean =>
  (op === 'generateKey' && !/^(?:HMAC|AES-)/.test(algorithm?.name ?? '')) ||
  (op === 'sign' && /^(?:ECDSA|RSA-PSS)$/.test(algorithm?.name ?? '')) ||
  (op === 'encrypt' && algorithm?.name === 'RSA-OAEP');

class Refused extends Error {
  override readonly name = 'NotSupportedError';
}

export interface SubtleOptions {
  /** Bills native work on so many bytes. */
  readonly charge: (bytes: number) => void;
  /** The run is deterministic. */
  readonly repeats: boolean;
  /** Begins work when its turn has come. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** One operation on keys that the guest holds. It is billed at once, and done in its turn. */
export async function subtlePrimitive(
  text: string,
  bytes: Data,
  { charge, repeats, inTurn }: SubtleOptions,
): Promise<SubtleAnswer> {
  try {
    const request = JSON.parse(text) as Request; // our own library wrote it; what it holds is the guest's
    if (repeats && drawsRandom(request))
      throw new Refused('a deterministic run has no randomness of the platform');
    charge(costOf(request));
    return await inTurn(() => run(request, partsOf(bytes, request.lengths)));
  } catch (error) {
    const [name, message] = error instanceof Error ? [error.name, error.message] : ['OperationError', ''];
    return { text: JSON.stringify({ error: [name, message] }) };
  }
}

function partsOf(bytes: Data, lengths: readonly number[]): readonly Data[] {
  let at = 0;
  return lengths.map((length) => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  });
}

function costOf({ op, algorithm, key, bits }: Request): number {
  const name = algorithm?.name ?? '';
  for (const one of [name, key?.algorithm.name ?? name]) {
    if (!KNOWN.has(one)) throw new Refused(`Unrecognized algorithm name`);
  }
  if (name === 'PBKDF2' && op === 'deriveBits') {
    const [iterations, hash] = [algorithm?.iterations, algorithm?.hash];
    const named = String(
      typeof hash === 'object' ? (hash as { readonly name?: unknown } | null)?.name : hash,
    );
    const blocks = Math.ceil((bits ?? 0) / 8 / (BLOCK_BYTES[named.toUpperCase()] ?? 20));
    const rounds = Number(iterations) * Math.max(1, blocks);
    if (!(Number(iterations) >= 1 && rounds <= MOST_ROUNDS))
      throw new Refused(
        `iterations must be from 1 to ${MOST_ROUNDS}, over all blocks of the answer: ask for fewer of them, or for fewer bits`,
      );
    return rounds * (COST.iteration as number);
  }
  if (name.startsWith('RSA')) {
    if (op === 'generateKey') {
      if (Number(algorithm?.modulusLength) > MOST_MODULUS)
        throw new Refused(`modulusLength must be at most ${MOST_MODULUS}`);
      return COST.rsaKey as number;
    }
    return COST.rsa as number;
  }
  return /^(?:EC|Ed|X)/.test(name) ? (COST.curve as number) : 1024;
}

async function run(request: Request, parts: readonly Data[]): Promise<SubtleAnswer> {
  const { subtle } = globalThis.crypto;
  const { op, algorithm, usages = [] } = request;
  const own = algorithm === undefined ? undefined : revived(algorithm, parts);
  const part = (index: number): Data => parts[index] ?? new Uint8Array();
  const open = (key: KeyText): Promise<CryptoKey> =>
    subtle.importKey(
      key.format as 'raw',
      (key.format === 'jwk' ? key.jwk : part(key.at ?? 0)) as Data,
      revived(key.algorithm, parts) as unknown as AlgorithmIdentifier,
      !/^(?:PBKDF2|HKDF)$/.test(key.algorithm.name), // passwords are never given out
      key.usages as KeyUsage[],
    );
  const key = request.key === undefined ? undefined : await open(request.key);
  const done = (value: unknown, buffer?: ArrayBuffer): SubtleAnswer => ({
    text: JSON.stringify({ value }),
    ...(buffer === undefined ? {} : { bytes: new Uint8Array(buffer) }),
  });
  const data = part(0);
  const params = own as unknown as AlgorithmIdentifier;
  switch (op) {
    case 'importKey':
      return done(keyFields(key as CryptoKey));
    case 'exportKey': {
      const exported = await subtle.exportKey(request.format as 'raw', key as CryptoKey);
      return exported instanceof ArrayBuffer ? done(null, exported) : done(exported);
    }
    case 'generateKey': {
      const made = await subtle.generateKey(params, true, usages as KeyUsage[]);
      if (!('privateKey' in made)) throw new Refused('secret keys are made by the guest');
      return done({ privateKey: await kept(made.privateKey), publicKey: await kept(made.publicKey) });
    }
    case 'sign':
      return done(null, await subtle.sign(params, key as CryptoKey, data));
    case 'verify':
      return done(await subtle.verify(params, key as CryptoKey, part(1), data));
    case 'encrypt':
      return done(null, await subtle.encrypt(params, key as CryptoKey, data));
    case 'decrypt':
      return done(null, await subtle.decrypt(params, key as CryptoKey, data));
    case 'deriveBits': {
      const whole = request.other === undefined ? params : { ...own, public: await open(request.other) };
      return done(
        null,
        await subtle.deriveBits(whole as AlgorithmIdentifier, key as CryptoKey, request.bits ?? null),
      );
    }
    default:
      throw new Refused(`no operation ${op}`);
  }
}

/** Byte fields of an algorithm travel as `{ $part: index }`. */
function revived(algorithm: Algorithm, parts: readonly Data[]): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(algorithm)) {
    const place = (value as { readonly $part?: unknown } | null)?.$part;
    made[name] = typeof place === 'number' ? (parts[place] ?? new Uint8Array()) : value;
  }
  return made;
}

const keyFields = ({ type, algorithm, usages }: CryptoKey): object => ({
  type,
  usages,
  algorithm: Object.fromEntries(
    Object.entries(algorithm as unknown as Record<string, unknown>).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { $bytes: [...value] } : value,
    ]),
  ),
});

const kept = async (key: CryptoKey): Promise<object> => ({
  ...keyFields(key),
  jwk: await globalThis.crypto.subtle.exportKey('jwk', key),
});
