/* sandglass:tool
{
 "name": "hash_text",
 "description": "Hashes a text",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "checksum",
  "digest",
  "sha256",
  "md5"
 ],
 "input": {
  "type": "object",
  "properties": {
   "text": {
    "type": "string",
    "description": "Any text; its UTF-8 bytes are hashed"
   },
   "algorithm": {
    "type": "string",
    "enum": [
     "md5",
     "sha1",
     "sha224",
     "sha256",
     "sha384",
     "sha512",
     "sha3-256",
     "sha3-512",
     "blake2b512",
     "blake2s256"
    ],
    "default": "sha256",
    "description": "Algorithm"
   },
   "encoding": {
    "type": "string",
    "enum": [
     "hex",
     "base64"
    ],
    "default": "hex",
    "description": "How the hash is written"
   }
  },
  "required": [
   "text"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 120000,
  "fuel": 600000000000
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "text",
 "examples": [
  {
   "input": {
    "text": "abc"
   },
   "output": {
    "algorithm": "sha256",
    "encoding": "hex",
    "hash": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "bytes": 3
   }
  }
 ]
}
*/
import { createHash } from 'node:crypto';

/** Those that Web Crypto has: it is much faster than what the guest computes itself. */
const WEB = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };

export async function run({ text, algorithm, encoding }) {
  const bytes = new TextEncoder().encode(text);
  const hash = Buffer.from(await digestOf(bytes, algorithm)).toString(encoding);
  return { algorithm, encoding, hash, bytes: bytes.byteLength };
}

function digestOf(bytes, algorithm) {
  if (algorithm.startsWith('blake2')) return blake2(bytes, algorithm === 'blake2b512' ? BLAKE2B : BLAKE2S);
  const web = WEB[algorithm];
  return web === undefined ? createHash(algorithm).update(bytes).digest() : crypto.subtle.digest(web, bytes);
}

/** RFC 7693, of words of 64 and of 32 bits. The node:crypto of guests has neither. */
const BLAKE2B = {
  bits: 64n,
  rounds: 12,
  turns: [32n, 24n, 16n, 63n],
  start: [
    0x6a09e667f3bcc908n,
    0xbb67ae8584caa73bn,
    0x3c6ef372fe94f82bn,
    0xa54ff53a5f1d36f1n,
    0x510e527fade682d1n,
    0x9b05688c2b3e6c1fn,
    0x1f83d9abfb41bd6bn,
    0x5be0cd19137e2179n,
  ],
};
const BLAKE2S = {
  bits: 32n,
  rounds: 10,
  turns: [16n, 12n, 8n, 7n],
  start: BLAKE2B.start.map((word) => word >> 32n),
};
const ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
/** Columns, then diagonals. */
const MIXES = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

function blake2(bytes, { bits, rounds, turns, start }) {
  const size = Number(bits / 8n);
  const mask = (1n << bits) - 1n;
  const turn = (value, by) => ((value >> by) | (value << (bits - by))) & mask;
  const words = [...start];
  words[0] ^= 0x01010000n ^ BigInt(8 * size);
  const block = 16 * size;
  const blocks = Math.max(1, Math.ceil(bytes.length / block));
  for (let index = 0; index < blocks; index += 1) {
    const isLast = index === blocks - 1;
    const part = new Uint8Array(block);
    part.set(bytes.subarray(index * block, (index + 1) * block));
    const message = Array.from({ length: 16 }, (_, at) => {
      let word = 0n;
      for (let byte = size - 1; byte >= 0; byte -= 1) word = (word << 8n) | BigInt(part[at * size + byte]);
      return word;
    });
    const v = [...words, ...start];
    v[12] ^= BigInt(isLast ? bytes.length : (index + 1) * block) & mask;
    if (isLast) v[14] ^= mask;
    for (let round = 0; round < rounds; round += 1) {
      const order = ORDER[round % 10];
      for (const [step, [a, b, c, d]] of MIXES.entries()) {
        v[a] = (v[a] + v[b] + message[order[2 * step]]) & mask;
        v[d] = turn(v[d] ^ v[a], turns[0]);
        v[c] = (v[c] + v[d]) & mask;
        v[b] = turn(v[b] ^ v[c], turns[1]);
        v[a] = (v[a] + v[b] + message[order[2 * step + 1]]) & mask;
        v[d] = turn(v[d] ^ v[a], turns[2]);
        v[c] = (v[c] + v[d]) & mask;
        v[b] = turn(v[b] ^ v[c], turns[3]);
      }
    }
    for (let at = 0; at < 8; at += 1) words[at] ^= v[at] ^ v[at + 8];
  }
  return words.flatMap((word) =>
    Array.from({ length: size }, (_, at) => Number((word >> BigInt(8 * at)) & 0xffn)),
  );
}
