import { ed448, x448 } from '@noble/curves/ed448.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';

// A table of multiples pays only for whoever signs many times.
for (const { Point } of [p256, p384, p521, secp256k1, ed25519, ed448]) Point.BASE.precompute(1);

export { ed448, ed25519, p256, p384, p521, secp256k1, x448, x25519 };
