/**
 * What QuickJS says of its own errors, in the words that V8 has for them: programs and those who write them know these, and libraries look
 * for them. What depends on the source is said by `errorAt`.
 */
export function inKnownWords(text: string): string | undefined {
  const whole = WHOLE.get(text);
  if (whole !== undefined) return whole;
  for (const [head, tail, say] of PARTS) {
    if (text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail))
      return say(text.slice(head.length, text.length - tail.length));
  }
  return undefined;
}

/** QuickJS tells a key as it is written in the source; V8 has a form of its own for the symbols of the language. */
const key = (name: string): string => (name.startsWith('Symbol.') ? `Symbol(${name})` : name);

const nothing = (value: string) => (name: string) =>
  name === 'Symbol.iterator' || name === 'Symbol.asyncIterator'
    ? `${value} is not ${name === 'Symbol.iterator' ? '' : 'async '}iterable`
    : `Cannot read properties of ${value} (reading '${key(name)}')`;

/** How a text begins and ends, and what to make of what is between. The first that fits counts. */
const PARTS: readonly (readonly [head: string, tail: string, say: (between: string) => string])[] = [
  ["cannot read property '", "' of undefined", nothing('undefined')],
  ["cannot read property '", "' of null", nothing('null')],
  [
    "cannot set property '",
    "' of undefined",
    (name) => `Cannot set properties of undefined (setting '${name}')`,
  ],
  ["cannot set property '", "' of null", (name) => `Cannot set properties of null (setting '${name}')`],
  ["'", "' is read-only", (name) => `Cannot assign to read only property '${name}' of object '#<Object>'`],
  ["'", "' is not defined", (name) => `${name} is not defined`],
  [
    "private class field '",
    "' does not exist",
    (name) => `Cannot read private member ${name} from an object whose class did not declare it`,
  ],
  ["redeclaration of '", "'", (name) => `Identifier '${name}' has already been declared`],
  [
    "unexpected token in expression: '",
    "'",
    (token) => (token === '' ? 'Unexpected end of input' : `Unexpected token '${token}'`),
  ],
  [
    "unexpected token: '",
    "'",
    (token) => (token === '' ? 'Unexpected end of input' : `Unexpected token '${token}'`),
  ],
  [
    "Could not find export '",
    "'",
    (between) => {
      const [name = '', module = ''] = between.split("' in module '");
      return `The requested module '${module.replace(/^sandglass:/, 'node:')}' does not provide an export named '${name}'`;
    },
  ],
  [
    '',
    ' is not a constructor',
    (name) => `${name === '' ? '(intermediate value)' : name} is not a constructor`,
  ],
  [
    '',
    ' is not initialized',
    (name) =>
      name === 'this'
        ? "Must call super constructor in derived class before accessing 'this' or returning from derived constructor"
        : `Cannot access '${name}' before initialization`,
  ],
];

const WHOLE: ReadonlyMap<string, string> = new Map([
  ['stack overflow', 'Maximum call stack size exceeded'],
  ['cannot read property of undefined', 'Cannot read properties of undefined'],
  ['cannot read property of null', 'Cannot read properties of null'],
  ['cannot convert to object', 'Cannot convert undefined or null to object'],
  ['cannot convert bigint to number', 'Cannot mix BigInt and other types, use explicit conversions'],
  ['cannot convert symbol to string', 'Cannot convert a Symbol value to a string'],
  ['cannot convert symbol to number', 'Cannot convert a Symbol value to a number'],
  [
    'cannot convert to BigInt: not an integer',
    'The number cannot be converted to a BigInt because it is not an integer',
  ],
  ['invalid bigint literal', 'Cannot convert the text to a BigInt'],
  ['circular reference', 'Converting circular structure to JSON'],
  ['invalid repeat count', 'Invalid count value'],
  ['invalid array length', 'Invalid array length'],
  ['invalid array buffer length', 'Invalid array buffer length'],
  ['invalid string length', 'Invalid string length'],
  ['string too long', 'Invalid string length'],
  ['invalid code point', 'Invalid code point'],
  ['invalid number of digits', 'The digits argument must be between 0 and 100'],
  ['radix must be between 2 and 36', 'toString() radix argument must be between 2 and 36'],
  ['Date value is NaN', 'Invalid time value'],
  ['expecting hex digit', 'URI malformed'],
  ['expecting surrogate pair', 'URI malformed'],
  ['malformed UTF-8', 'URI malformed'],
  ['bad normalization form', 'The normalization form should be one of NFC, NFD, NFKC, NFKD.'],
  ['invalid regular expression flags', 'Invalid flags supplied to RegExp constructor'],
  ["invalid 'in' operand", "Cannot use 'in' operator to search in what is not an object"],
  ["invalid 'instanceof' right operand", "Right-hand side of 'instanceof' is not callable"],
  [
    "operand 'prototype' property is not an object",
    "Function has non-object prototype 'undefined' in instanceof check",
  ],
  ['parent class must be constructor', 'Class extends value is not a constructor or null'],
  ["class constructors must be invoked with 'new'", "Class constructor cannot be invoked without 'new'"],
  ['invalid value used as WeakMap key', 'Invalid value used as weak map key'],
  ['invalid value used as WeakSet key', 'Invalid value used in weak set'],
  ['BigInt negative exponent', 'Exponent must be positive'],
  ['BigInt division by zero', 'Division by zero'],
  ['empty array', 'Reduce of empty array with no initial value'],
  ['object is not extensible', 'Cannot add property, object is not extensible'],
  ['could not delete property', 'Cannot delete property'],
  ['property is not configurable', 'Cannot redefine property'],
  ['value is not iterable', 'object is not iterable'],
  ['cannot invoke a running generator', 'Generator is already running'],
  ['return not in a function', 'Illegal return statement'],
  ['break must be inside loop or switch', 'Illegal break statement'],
  ['continue must be inside loop', 'Illegal continue statement: no surrounding iteration statement'],
  ['missing initializer for const variable', 'Missing initializer in const declaration'],
  ['invalid assignment left-hand side', 'Invalid left-hand side in assignment'],
  ['invalid increment/decrement operand', 'Invalid left-hand side expression in postfix operation'],
  ['bigint argument with unary +', 'Cannot convert a BigInt value to a number'],
  ['class statement requires a name', "Unexpected token '{'"],
  ['function name expected', 'Function statements require a function name'],
  ['invalid number literal', 'Invalid or unexpected token'],
  ['malformed escape sequence in string literal', 'Invalid Unicode escape sequence'],
  ['unexpected end of regexp', 'Invalid regular expression: missing /'],
  ['new.target only allowed within functions', 'new.target expression is not allowed here'],
  ["'super' is only valid in a method", "'super' keyword unexpected here"],
  ['import.meta only valid in module code', "Cannot use 'import.meta' outside a module"],
  ['invalid keyword: with', 'Strict mode code may not include a with statement'],
  ['unsupported keyword: enum', 'Unexpected reserved word'],
  ['invalid redefinition of global identifier', 'Identifier has already been declared'],
  ['invalid redefinition of lexical identifier', 'Identifier has already been declared'],
  ['invalid redefinition of a variable', 'Identifier has already been declared'],
  ['invalid redefinition of parameter name', 'Identifier has already been declared'],
  ['unexpected end of string', 'Invalid or unexpected token'],
  ['unexpected character', 'Invalid or unexpected token'],
  ['unexpected end of comment', 'Invalid or unexpected token'],
  ['revoked proxy', "Cannot perform 'get' on a proxy that has been revoked"],
  ['out of bound', 'Offset is outside the bounds of the DataView'],
  ['invalid target', 'WeakRef: invalid target'],
  ['unexpected end', 'Invalid regular expression: Unterminated character class'],
  ['nothing to repeat', 'Invalid regular expression: Nothing to repeat'],
  ['unterminated class', 'Invalid regular expression: Unterminated character class'],
  ['invalid class range', 'Invalid regular expression: Range out of order in character class'],
  ['group name not defined', 'Invalid regular expression: Invalid named reference'],
  ['duplicate group name', 'Invalid regular expression: Duplicate capture group name'],
  ['invalid group', 'Invalid regular expression: Invalid group'],
  ['invalid group name', 'Invalid regular expression: Invalid capture group name'],
  ['repeat out of range', 'Invalid regular expression: numbers out of order in {} quantifier'],
  ['expecting group name', 'Invalid regular expression: Invalid named reference'],
  ['invalid escape sequence in regular expression', 'Invalid regular expression: Invalid escape'],
  ['extraneous characters at the end', "Invalid regular expression: Unmatched ')'"],
  ['unknown unicode property name', 'Invalid regular expression: Invalid property name'],
  ['no setter for property', 'Cannot set property of #<Object> which has only a getter'],
  ['variable name expected', 'Unexpected strict mode reserved word'],
  ["unexpected 'yield' keyword", 'Unexpected strict mode reserved word'],
  ['octal literals are deprecated in strict mode', 'Octal literals are not allowed in strict mode.'],
  ['expecting catch or finally', 'Missing catch or finally after try'],
  ['super() is only valid in a derived class constructor', "'super' keyword unexpected here"],
  ["'let' is not a valid lexical identifier", 'let is disallowed as a lexically bound name'],
  ['invalid number of arguments for getter or setter', 'Getter must not have any formal parameters.'],
  ['invalid property name', 'Invalid or unexpected token'],
  ['expecting field name', 'Invalid or unexpected token'],
  ['.size is not a number', 'The .size property is NaN'],
  ["regexp must have the 'g' flag", 'String.prototype.matchAll called with a non-global RegExp argument'],
]);
