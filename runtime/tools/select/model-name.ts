/** A tool's name as the APIs of models take it: letters, digits, `_` and `-` only. */
export const modelName = (name: string): string => name.replaceAll('.', '__');

/** The name behind one that a model was shown. */
export const nameFromModel = (name: string): string => name.replaceAll('__', '.');
