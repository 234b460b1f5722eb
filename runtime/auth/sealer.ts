import { toBase64Url } from '../vocabulary/base64.ts';

/** Seals texts with AES-256-GCM, under keys that are derived from secrets of the operator. */
export interface Sealer {
  /** @param about What it belongs to: opened for anything else, it does not open. */
  seal(text: string, about: string): Promise<string>;
  /** `undefined` for what was sealed under another key, about something else, or was changed. */
  open(sealed: string, about: string): Promise<string | undefined>;
  /** Whether it was sealed under a key that has been replaced. */
  isOld(sealed: string): boolean;
}

const IV_BYTES = 12;
const MOST_LENGTH = 64 * 1024;

interface Key {
  /** Says which key it is, and nothing of it. */
  readonly id: string;
  readonly key: CryptoKey;
}

/**
 * @param secrets The one that seals, then those that it replaced, which only open; 32 bytes or more each.
 * @param use What the keys are for: those of one use open nothing of another.
 */
export async function createSealer(secrets: readonly [string, ...string[]], use: string): Promise<Sealer> {
  const keys = await Promise.all(secrets.map((secret) => deriveKey(secret, use)));
  const [current] = keys;
  if (current === undefined) throw new TypeError('Cannot seal: there is no secret');
  return {
    async seal(text, about) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: bytesOf(about) },
        current.key,
        bytesOf(text),
      );
      return `v1.${current.id}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
    },
    async open(sealed, about) {
      if (sealed.length > MOST_LENGTH) return undefined;
      const [version, id, iv, rest, more] = sealed.split('.');
      const known = keys.find((key) => key.id === id);
      if (version !== 'v1' || known === undefined || iv === undefined || rest === undefined) return undefined;
      if (more !== undefined) return undefined;
      try {
        const opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: bytesFrom(iv), additionalData: bytesOf(about) },
          known.key,
          bytesFrom(rest),
        );
        return new TextDecoder().decode(opened);
      } catch {
        return undefined; // changed, or about something else: the same to whoever asks
      }
    },
    isOld: (sealed) => sealed.split('.')[1] !== current.id,
  };
}

async function deriveKey(secret: string, use: string): Promise<Key> {
  const from = await crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ]);
  const hkdf = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(32),
    info: bytesOf(`sandglass ${use} ${info}`),
  });
  const key = await crypto.subtle.deriveKey(hkdf('key'), from, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  const id = await crypto.subtle.deriveBits(hkdf('id'), from, 48);
  return { id: toBase64Url(new Uint8Array(id)), key };
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const bytesFrom = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
