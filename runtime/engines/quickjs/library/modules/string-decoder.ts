import { StringDecoder as Package } from 'string_decoder/lib/string_decoder.js';

export const StringDecoder: unknown = Package;
Object.defineProperty(Package, 'name', { value: 'StringDecoder' }); // the bundle gives it another
export const stringDecoder = { StringDecoder };
