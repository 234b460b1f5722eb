/* sandglass:tool
{
 "name": "run_code",
 "description": "Runs a program in a guest of its own, with files in and out, and answers what it printed and its value",
 "version": "1.0.0",
 "category": "code",
 "aliases": [
  "execute_code"
 ],
 "keywords": [
  "execute",
  "python",
  "javascript",
  "typescript",
  "script",
  "program"
 ],
 "input": {
  "type": "object",
  "properties": {
   "language": {
    "type": "string",
    "description": "python, javascript, typescript, or another that an engine takes",
    "minLength": 1,
    "maxLength": 64
   },
   "code": {
    "type": "string",
    "description": "The program; its value is that of its last expression"
   },
   "stdin": {
    "type": "string",
    "description": "What it reads as its input"
   },
   "packages": {
    "type": "array",
    "items": {
     "type": "string"
    },
    "maxItems": 100,
    "description": "Packages of Python that it needs"
   },
   "files": {
    "type": "object",
    "additionalProperties": {
     "anyOf": [
      {
       "type": "string"
      },
      {
       "type": "object",
       "properties": {
        "base64": {
         "type": "string"
        }
       },
       "required": [
        "base64"
       ],
       "additionalProperties": false
      }
     ]
    },
    "maxProperties": 1000,
    "description": "Files that it finds in /tmp: path to text, or to { base64 }"
   },
   "collect": {
    "type": "array",
    "items": {
     "type": "string"
    },
    "maxItems": 100,
    "description": "Files below /tmp that are given back: paths, or patterns such as out/**"
   },
   "timeoutMs": {
    "type": "integer",
    "description": "How long it may take",
    "minimum": 1,
    "maximum": 300000,
    "default": 10000
   }
  },
  "required": [
   "language",
   "code"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "run.start"
 ],
 "limits": {
  "timeoutMs": 310000
 },
 "examples": [
  {
   "input": {
    "language": "javascript",
    "code": "console.log(2 ** 10)"
   },
   "output": {
    "stdout": "1024\n",
    "stderr": "",
    "value": null,
    "files": {}
   }
  },
  {
   "input": {
    "language": "typescript",
    "code": "import { readFileSync, writeFileSync } from 'node:fs';\nconst text: string = readFileSync('/tmp/in.txt', 'utf8');\nwriteFileSync('/tmp/out.txt', text.toUpperCase());",
    "files": {
     "in.txt": "ab"
    },
    "collect": [
     "out.txt"
    ]
   },
   "output": {
    "stdout": "",
    "stderr": "",
    "value": null,
    "files": {
     "out.txt": "AB"
    }
   }
  }
 ]
}
*/
export async function run({ timeoutMs, ...program }) {
  const { stdout, stderr, value, files } = await sandglass.call('run.start', {
    ...program,
    limits: { timeoutMs },
  });
  return { stdout, stderr, value, files };
}
