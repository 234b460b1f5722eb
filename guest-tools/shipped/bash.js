/* sandglass:tool
{
 "name": "bash",
 "description": "Runs a shell command or script in a guest: pipes, grep, sed, awk, jq, find, tar and more, with /tmp for its files; never a shell of the host",
 "version": "1.0.0",
 "category": "system",
 "aliases": [
  "shell"
 ],
 "keywords": [
  "sh",
  "command",
  "terminal",
  "pipe",
  "script"
 ],
 "input": {
  "type": "object",
  "properties": {
   "command": {
    "type": "string",
    "description": "A command line, or a script of several lines",
    "minLength": 1
   },
   "cwd": {
    "type": "string",
    "format": "path",
    "description": "Folder that it starts in; /tmp unless told",
    "minLength": 1
   },
   "timeoutMs": {
    "type": "integer",
    "description": "How long it may take",
    "minimum": 1000,
    "maximum": 300000,
    "default": 30000
   }
  },
  "required": [
   "command"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "run.start"
 ],
 "limits": {
  "timeoutMs": 310000
 },
 "dangerous": true,
 "examples": [
  {
   "input": {
    "command": "printf 'b\\na\\nb\\n' | sort | uniq -c"
   },
   "output": {
    "stdout": "      1 a\n      2 b\n",
    "stderr": "",
    "exitCode": 0
   }
  },
  {
   "input": {
    "command": "echo no >&2; exit 3"
   },
   "output": {
    "stdout": "",
    "stderr": "no\n",
    "exitCode": 3
   }
  }
 ]
}
*/
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export async function run({ command, cwd, timeoutMs }) {
  const code = cwd === undefined ? command : `cd -- ${quoted(cwd)} || exit 1\n${command}`;
  try {
    const { stdout, stderr } = await sandglass.call('run.start', {
      language: 'shell',
      code,
      filename: 'bash',
      limits: { timeoutMs },
    });
    return { stdout, stderr, exitCode: 0 };
  } catch (error) {
    const { exitCode, stdout = '', stderr = '' } = error.details ?? {};
    if (error.code !== 'GUEST_THREW' || exitCode === undefined) throw error;
    return { stdout, stderr, exitCode };
  }
}
