// What packages in the bundle get for `buffer`.
export { Buffer } from './buffer.ts';
