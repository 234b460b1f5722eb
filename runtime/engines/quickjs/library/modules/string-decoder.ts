import { StringDecoder as Package } from 'string_decoder/lib/string_decoder.js';

export const StringDecoder: unknown = Package;
export const stringDecoder = { StringDecoder };
