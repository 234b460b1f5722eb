export { decompress } from 'brotli/decompress.js';
