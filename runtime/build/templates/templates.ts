import { C_SOURCE } from './c.ts';
import { HOST_TYPES } from './host-types.ts';
import { manifestOf, manifestText, type Template } from './template.ts';

const wasmOf = (tool: string): string => `${tool}.wasm`;

const TS_SOURCE = `// Files and requests: import { readText } from 'sandglass:host/fs'; the manifest must ask for "fs.read".

export interface Input {
  readonly text: string;
}

export function run({ text }: Input): { readonly words: number } {
  return { words: text.split(/\\s+/).filter((word) => word !== '').length };
}
`;

const JS_SOURCE = `// Files and requests: import { readText } from 'sandglass:host/fs'; the manifest must ask for "fs.read".

export function run({ text }) {
  return { words: text.split(/\\s+/).filter((word) => word !== '').length };
}
`;

const PY_SOURCE = `def run(args):
    return {"words": len(args["text"].split())}
`;

const RUST_SOURCE = `// A command: JSON on stdin, JSON on stdout. Files of the grant are files of std::fs.
use std::io::Read;

fn main() {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    let args: serde_json::Value = serde_json::from_str(&input).unwrap();
    let words = args["text"].as_str().unwrap_or("").split_whitespace().count();
    println!("{}", serde_json::json!({ "words": words }));
}
`;

const GO_SOURCE = `// A command: JSON on stdin, JSON on stdout. Files of the grant are files of os.
package main

import (
	"encoding/json"
	"os"
	"strings"
)

func main() {
	var args struct {
		Text string \`json:"text"\`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&args); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]int{"words": len(strings.Fields(args.Text))})
}
`;

export const TEMPLATES: readonly Template[] = [
  {
    name: 'ts',
    summary: 'TypeScript, built to a component; nothing to install',
    files: (tool) => ({
      'manifest.json': manifestText(tool, wasmOf(tool)),
      'tool.ts': TS_SOURCE,
      'host.d.ts': HOST_TYPES,
    }),
  },
  {
    name: 'js',
    summary: 'JavaScript, built to a component; nothing to install',
    files: (tool) => ({
      'manifest.json': manifestText(tool, wasmOf(tool)),
      'tool.js': JS_SOURCE,
    }),
  },
  {
    name: 'py',
    summary: 'Python, called as it is; nothing to build',
    files: (tool) => ({
      [`${tool}.py`]: `# sandglass:tool\n${JSON.stringify(manifestOf(tool), null, 2).replace(/^/gm, '# ')}\n\n${PY_SOURCE}`,
    }),
  },
  {
    name: 'rust',
    summary: 'Rust, a command of WASI; needs cargo and the target wasm32-wasip1',
    needs: 'rustup target add wasm32-wasip1',
    files: (tool) => ({
      'manifest.json': manifestText(tool, wasmOf(tool)),
      'Cargo.toml': `[package]\nname = ${JSON.stringify(crateOf(tool))}\nversion = "0.1.0"\nedition = ` +
'"2021"\n\n[dependencies]\nserde_json = "1"\n\n[profile.release]\nopt-level = "s"\nstrip = ' +
'true\n',
      'src/main.rs': RUST_SOURCE,
    }),
  },
  {
    name: 'c',
    summary: 'C, a command of WASI; needs clang with wasi-libc, or zig',
    needs: 'pip install ziglang',
    files: (tool) => ({ 'manifest.json': manifestText(tool, wasmOf(tool)), 'tool.c': C_SOURCE }),
  },
  {
    name: 'go',
    summary: 'Go, a command of WASI; needs go 1.21 or later',
    needs: 'Go 1.21 or later, from go.dev/dl',
    files: (tool) => ({
      'manifest.json': manifestText(tool, wasmOf(tool)),
      'go.mod': `module ${crateOf(tool)}\n\ngo 1.21\n`,
      'main.go': GO_SOURCE,
    }),
  },
];

/** As cargo and go take it. */
const crateOf = (tool: string): string => {
  const name = tool.replace(/[^a-z0-9_-]/gi, '-').toLowerCase();
  return /^[a-z]/.test(name) ? name : `tool-${name}`;
};
