/** The innermost frame of an error: a function of the engine itself, or a place in a source with the text on either side of it. */
export interface Frame {
  readonly name: string;
  /** Not of a function of the engine. */
  readonly place?: { readonly before: string; readonly after: string } | undefined;
}

/** What an engine's own error says in view of its place, in V8's words; `undefined` where the place adds nothing. */
export function errorAt(engine: string, frame: Frame): string | undefined {
  const say =
    SAYINGS.get(engine) ??
    (engine.endsWith(READ_ONLY) ? readOnly : engine.startsWith(EXPECTING) ? unexpected : undefined);
  return say?.(frame, engine);
}

/** Whether `errorAt` may have something to say of what the engine is about to tell. */
export const needsPlace = (engine: string): boolean =>
  SAYINGS.has(engine) || engine.endsWith(READ_ONLY) || engine.startsWith(EXPECTING);

const READ_ONLY = "' is read-only";
const EXPECTING = "expecting '";

const before = ({ place }: Frame): string => place?.before ?? '';
const after = ({ place }: Frame): string => place?.after ?? '';

/** What ends where a call begins, as it is written: `a.b[0](1).c` is `a.b[0](...).c`. */
function calleeBefore(text: string): string | undefined {
  const found =
    /(?:[\w$\u0080-\uffff]|\?\.|\.|\[[^[\]()]{0,40}\]|(?<=[\w$\])])\([^()]{0,40}\)(?=\.)){1,160}$/.exec(text);
  const callee = found?.[0]
    .replace(/^[.?]{1,9}|[.?]{1,9}$/g, '')
    .replace(/\([^()]{0,40}\)/g, '(...)')
    .replace(/\[(['"])([^'"\]]{0,40})\1\]/g, '.$2');
  if (callee === undefined || callee === '' || /^\d/.test(callee)) return undefined;
  return text[text.length - (found?.[0].length ?? 0) - 1] === ')' ? `(intermediate value).${callee}` : callee;
}

const isMade = (text: string): boolean => /(?:^|[^\w$.])new\s{1,9}[\w$.[\]'"]{1,160}$/.test(text);

const notCallable: Say = (frame, engine) => {
  if (frame.place === undefined) {
    if (engine === 'not a constructor') return undefined;
    return frame.name === 'Promise' ? 'Promise resolver is not a function' : 'callback is not a function';
  }
  const left = before(frame);
  if (!/^[(`]/.test(after(frame)) && engine === 'not a function') return undefined;
  const callee = calleeBefore(left);
  if (callee === undefined)
    return /\)$/.test(left) ? '(intermediate value)(...) is not a function' : undefined;
  return `${callee} is not a ${engine === 'not a constructor' || isMade(left) ? 'constructor' : 'function'}`;
};

/** The name or path around a place. */
const pathAround = (frame: Frame): string | undefined => {
  const right = /^[\w$\u0080-\uffff.]{0,80}/.exec(after(frame))?.[0] ?? '';
  const left = /[\w$\u0080-\uffff.]{0,80}$/.exec(before(frame))?.[0] ?? '';
  const path = (left + right).replace(/^\.{1,9}|\.{1,9}$/g, '');
  return path === '' || /^(?:const|let|var|for|return|function|async)$/.test(path) ? undefined : path;
};

/** `const [a] = b`: what is to the right of the pattern. Its error is at the start of the function. */
const takenApart = (frame: Frame): string | undefined => {
  const found = /\[[^[\]{}()=]{0,160}\]\s{0,9}=\s{0,9}([\w$.]{1,80})(\()?/.exec(after(frame));
  if (found === null || /^\(\[/.test(after(frame))) return undefined;
  if (found[2] === undefined && /\.|^(?:undefined|null)$/.test(found[1] ?? '')) return undefined;
  return found[2] === undefined
    ? `${found[1]} is not iterable`
    : `${found[1]} is not a function or its return value is not iterable`;
};

const SPREAD = 'Spread syntax requires ...iterable[Symbol.iterator] to be a function';

const notIterable =
  (value: string): Say =>
  (frame) => {
    if (/^[\w$.]{0,160}\(\s{0,9}\.\.\./.test(after(frame))) return SPREAD;
    const spread = /[\w$)\]]\((?:[^()[\]]{0,160},)?\s{0,9}\.\.\.$/.test(before(frame));
    if (spread && value === 'object') return SPREAD;
    if (/^(?:async\s{1,9})?(?:function|\()/.test(after(frame))) {
      const apart = takenApart(frame);
      if (apart !== undefined) return apart;
    }
    const path = frame.place === undefined ? undefined : pathAround(frame);
    return path === undefined || path === value
      ? `${value} is not iterable (cannot read property Symbol(Symbol.iterator))`
      : `${path} is not iterable`;
  };

const readKey =
  (value: string): Say =>
  (frame) => {
    const key = /^\[\s{0,9}(?:(\d{1,20})|(['"])([^'"\\]{0,80})\2)\s{0,9}\]/.exec(after(frame));
    return key === null
      ? undefined
      : `Cannot read properties of ${value} (reading '${key[1] ?? key[3] ?? ''}')`;
  };

/** The key of `.key` or `['key']` that begins at a place. */
const keyAt = (frame: Frame): string | undefined => {
  const found =
    /^(?:\.\s{0,9}([\w$\u0080-\uffff]{1,80})|\[\s{0,9}(?:(\d{1,20})|(['"])([^'"\\]{0,80})\3)\s{0,9}\])/.exec(
      after(frame),
    );
  return found?.[1] ?? found?.[2] ?? found?.[4];
};

const ofKey =
  (say: (key: string) => string): Say =>
  (frame) => {
    const key = keyAt(frame);
    return key === undefined ? undefined : say(key);
  };

const readOnly: Say = (frame, engine) => {
  if (frame.place === undefined) return undefined;
  if (/[\w$)\]'"`]$/.test(before(frame)) && /^[.[]/.test(after(frame)))
    return /^'\d{1,20}'/.test(engine)
      ? `Cannot assign to read only property ${engine.slice(0, -READ_ONLY.length)}' of object '[object Array]'`
      : undefined;
  return engine.startsWith("'undefined'") ? undefined : 'Assignment to constant variable.';
};

const destructured: Say = (frame) => {
  const parameter =
    /^(?:async\s{1,9})?(?:function\s{0,9}[\w$]{0,80}\s{0,9})?\(\s{0,9}\{\s{0,9}([\w$]{1,80})/.exec(
      after(frame),
    );
  if (
    parameter !== null &&
    !/^[^()]{0,160}=/.test(after(frame).slice(parameter[0].length).split(')', 1)[0] ?? '')
  )
    return `Cannot destructure property '${parameter[1]}' of 'undefined' as it is undefined.`;
  const found = /\{\s{0,9}([\w$]{1,80})[^{}]{0,160}\}\s{0,9}=\s{0,9}([\w$.]{1,80})(\()?/.exec(after(frame));
  const nested =
    /\{\s{0,40}[\w$]{1,80}\s{0,9}:\s{0,9}\{\s{0,40}([\w$]{1,80})[^{}]{0,160}\},?\s{0,40}\}\s{0,9}=[^=>]/.exec(
      after(frame),
    );
  if (nested !== null && (found === null || nested.index < found.index))
    return `Cannot read properties of undefined (reading '${nested[1]}')`;
  if (found === null) return undefined;
  const [, key, name, called] = found;
  const from = called === undefined ? name : `${name}(...)`;
  return `Cannot destructure property '${key}' of '${from}' as it is ${from === 'null' ? 'null' : 'undefined'}.`;
};

const declaredTwice: Say = (frame) => {
  const name = /([\w$\u0080-\uffff]{1,80})\s{0,9}$/.exec(before(frame))?.[1];
  return name === undefined ? undefined : `Identifier '${name}' has already been declared`;
};

const searched: Say = (frame) => {
  const key = /(['"])([^'"\\]{0,80})\1\s{0,9}$/.exec(before(frame))?.[2];
  const where = /^in\s{1,9}([\w$.]{1,80})/.exec(after(frame))?.[1];
  return key === undefined || where === undefined
    ? undefined
    : `Cannot use 'in' operator to search for '${key}' in ${where}`;
};

const RESERVED =
  /^(?:break|case|catch|class|const|continue|debugger|default|delete|do|else|export|extends|false|finally|for|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with)$/;

/** The token that the parser did not want, which is what V8 names. */
const unexpected: Say = (frame, engine) => {
  if (frame.place === undefined)
    return engine === "expecting ')'"
      ? 'Invalid regular expression: Unterminated group'
      : 'Invalid or unexpected token';
  const rest = after(frame).trimStart();
  const left = before(frame);
  if (
    engine === "expecting ')'" &&
    /[\w$\])]\s{0,9}\([^;{}]{0,160}$/.test(left) &&
    !/\b(?:if|while|for|switch|with|catch|function\s{0,9}[\w$]{0,80})\s{0,9}\([^;{}]{0,160}$/.test(left)
  )
    return 'missing ) after argument list';
  if (rest === '') return 'Unexpected end of input';
  if (engine === "expecting ';'" && /(?:^|[^\w$.])await\s{0,9}$/.test(left))
    return 'await is only valid in async functions and the top level bodies of modules';
  const word = /^[\p{L}_$][\p{L}\p{N}_$]{0,80}/u.exec(rest)?.[0];
  if (word !== undefined)
    return RESERVED.test(word) ? `Unexpected token '${word}'` : `Unexpected identifier '${word}'`;
  if (/^\d/.test(rest)) return 'Unexpected number';
  if (/^['"]/.test(rest)) return 'Unexpected string';
  if (rest.startsWith('`')) return 'Unexpected template string';
  return `Unexpected token '${/^(?:=>|\.\.\.|[=!]==?|&&|\|\||\?\?|\+\+|--|\*\*|.)/u.exec(rest)?.[0]}'`;
};

/** Of the functions that write numbers, each has words of its own. */
const digits: Say = ({ name }) =>
  ({
    toFixed: 'toFixed() digits argument must be between 0 and 100',
    toExponential: 'toExponential() argument must be between 0 and 100',
    toPrecision: 'toPrecision() argument must be between 1 and 100',
  })[name];

type Say = (frame: Frame, engine: string) => string | undefined;

const SAYINGS: ReadonlyMap<string, Say> = new Map<string, Say>([
  ['not a function', notCallable],
  ['not a constructor', notCallable],
  ['value is not iterable', notIterable('object')],
  ["cannot read property 'Symbol.iterator' of undefined", notIterable('undefined')],
  ["cannot read property 'Symbol.iterator' of null", notIterable('null')],
  ['cannot read property of undefined', readKey('undefined')],
  ['cannot read property of null', readKey('null')],
  ['cannot convert to object', destructured],
  [
    'cannot convert bigint to number',
    ({ place }) => (place === undefined ? 'Cannot convert a BigInt value to a number' : undefined),
  ],
  [
    "class constructors must be invoked with 'new'",
    ({ name }) => `Class constructor ${name} cannot be invoked without 'new'`,
  ],
  [
    'not an object',
    ({ place, name }) =>
      place === undefined && name === 'Map' ? 'Iterator value is not an entry object' : undefined,
  ],
  ['invalid redefinition of lexical identifier', declaredTwice],
  ['invalid redefinition of a variable', declaredTwice],
  ['invalid redefinition of global identifier', declaredTwice],
  ['invalid redefinition of parameter name', declaredTwice],
  ["invalid 'in' operand", searched],
  ['object is not extensible', ofKey((key) => `Cannot add property ${key}, object is not extensible`)],
  ['could not delete property', ofKey((key) => `Cannot delete property '${key}' of #<Object>`)],
  [
    'no setter for property',
    ofKey((key) => `Cannot set property ${key} of #<Object> which has only a getter`),
  ],
  [
    'proxy: cannot set property',
    ofKey((key) => `'set' on proxy: trap returned falsish for property '${key}'`),
  ],
  ['invalid number of digits', digits],
  [
    'must be called with new',
    ({ name }) =>
      name === 'Promise'
        ? "Promise constructor cannot be invoked without 'new'"
        : `Constructor ${name} requires 'new'`,
  ],
  [
    'invalid array index',
    ({ name, place }) => {
      if (place !== undefined) return undefined;
      if (/^as(?:Int|Uint)N$/.test(name)) return 'Invalid value: not (convertible to) a safe integer';
      if (name === 'ArrayBuffer') return 'Invalid array buffer length';
      return name.endsWith('Array') ? 'Invalid typed array length' : undefined;
    },
  ],
  [
    'invalid array length',
    ({ name, place }) => (place === undefined && name === 'set' ? 'offset is out of bounds' : undefined),
  ],
]);
