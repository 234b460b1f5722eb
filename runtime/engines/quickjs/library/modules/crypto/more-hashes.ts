// Apart from the hashes that programs mostly ask for, because their tables take a while to make.
export { blake2b, blake2s } from '@noble/hashes/blake2.js';
export { ripemd160 } from '@noble/hashes/legacy.js';
export { scrypt } from '@noble/hashes/scrypt.js';
export { sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js';
export { sha3_224, sha3_256, sha3_384, sha3_512, shake128, shake256 } from '@noble/hashes/sha3.js';
