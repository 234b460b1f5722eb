// What packages in the bundle get for `string_decoder`.
export { StringDecoder } from './string-decoder.ts';
