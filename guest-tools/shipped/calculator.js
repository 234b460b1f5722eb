/* sandglass:tool
{
 "name": "calculator",
 "description": "Adds, subtracts, multiplies, divides and takes powers, roots and remainders of numbers",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "math",
  "arithmetic"
 ],
 "input": {
  "type": "object",
  "properties": {
   "operation": {
    "type": "string",
    "enum": [
     "add",
     "subtract",
     "multiply",
     "divide",
     "power",
     "root",
     "modulo"
    ],
    "description": "What to do with the operands, from left to right; root: the second is the degree, 2 without one"
   },
   "operands": {
    "type": "array",
    "items": {
     "type": "number"
    },
    "minItems": 1,
    "maxItems": 1000,
    "description": "Numbers"
   }
  },
  "required": [
   "operation",
   "operands"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "examples": [
  {
   "input": {
    "operation": "multiply",
    "operands": [
     15,
     7
    ]
   },
   "output": {
    "operation": "multiply",
    "operands": [
     15,
     7
    ],
    "result": 105
   }
  }
 ]
}
*/
const STEPS = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / nonZero(b),
  power: (a, b) => a ** b,
  modulo: (a, b) => ((a % nonZero(b)) + b) % b,
  root: (a, b) =>
    b === 2
      ? Math.sqrt(a)
      : b === 3
        ? Math.cbrt(a)
        : a < 0 && b % 2 === 1
          ? -((-a) ** (1 / b))
          : a ** (1 / nonZero(b)),
};

export function run({ operation, operands }) {
  const numbers = operation === 'root' && operands.length === 1 ? [operands[0], 2] : operands;
  if (numbers.length < 2) throw new Error(`Cannot ${operation}: it takes at least two operands`);
  const result = numbers.reduce(STEPS[operation]);
  if (!Number.isFinite(result))
    throw new Error(
      `Cannot ${operation} ${operands.join(', ')}: the result is not a number that can be written`,
    );
  return { operation, operands, result };
}

function nonZero(value) {
  if (value === 0) throw new Error('Cannot divide by zero');
  return value;
}
