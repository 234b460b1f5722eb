// Apart from the hashes, because its tables take a while to make.
export { cbc, ctr, gcm } from '@noble/ciphers/aes.js';
