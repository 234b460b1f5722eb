// Apart from the hashes, because its tables take a while to make.
export { cbc, ctr, ecb, gcm } from '@noble/ciphers/aes.js';
export { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js';
