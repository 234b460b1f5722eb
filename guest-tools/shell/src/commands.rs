//! Commands that reach out of the shell, each there only when the grant has its part.

use crate::curl::{Curl, Wget};
use crate::host::{Refused, ask};
use async_trait::async_trait;
use bashkit::{Builtin, BuiltinContext, ExecResult, Result};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// Names that are ours alone: bashkit's own commands of these names are left out.
pub const OURS: &[&str] = &["tool", "curl", "wget", "http", "python", "python3", "node", "ssh", "scp", "sftp"];

/// The commands that a grant with these parts gives.
pub fn offered(granted: &HashSet<String>) -> Vec<(&'static str, Box<dyn Builtin>)> {
    let mut all: Vec<(&'static str, Box<dyn Builtin>)> = Vec::new();
    if granted.contains("tools") {
        all.push(("tool", Box::new(Tool)));
    }
    if granted.contains("http") {
        all.push(("curl", Box::new(Curl)));
        all.push(("wget", Box::new(Wget)));
    }
    if granted.contains("run") {
        all.push(("python", Box::new(Start("python"))));
        all.push(("python3", Box::new(Start("python"))));
        all.push(("node", Box::new(Start("javascript"))));
    }
    all
}

/// Whether a command tells sizes or times of the entries of a folder.
pub fn shows_stats(name: &str, args: &[String]) -> bool {
    let short = |letters: &str| {
        args.iter().any(|arg| {
            arg.strip_prefix('-')
                .is_some_and(|rest| !rest.starts_with('-') && rest.contains(|letter| letters.contains(letter)))
        })
    };
    let starts = |prefixes: &[&str]| args.iter().any(|arg| prefixes.iter().any(|one| arg.starts_with(one)));
    match name {
        "ls" => short("ltSsho") || starts(&["--sort", "--time", "--size", "--full-time"]),
        "find" => starts(&["-size", "-newer", "-mtime", "-mmin", "-empty", "-printf", "-ls", "-perm"]),
        "tree" => short("shD"),
        "du" | "tar" | "zip" | "rsync" => true,
        _ => false,
    }
}

/// A refusal as the message and the status of a command.
pub fn refused(name: &str, refused: &Refused) -> ExecResult {
    ExecResult::err(format!("{name}: {}\n", refused.message), 1)
}

/// `tool NAME [JSON]` calls a tool, `tool --search TEXT` looks for one.
struct Tool;

const TOOL_USAGE: &str =
    "usage: tool NAME [JSON]      calls it; without JSON its arguments are read from stdin, if there are any\n       tool --search TEXT    tools that fit\n       tool --describe NAME  how it is called\n";

#[async_trait]
impl Builtin for Tool {
    async fn execute(&self, ctx: BuiltinContext<'_>) -> Result<ExecResult> {
        let args: Vec<&str> = ctx.args.iter().map(String::as_str).collect();
        let answer = match args.as_slice() {
            ["--search", words @ ..] if !words.is_empty() => {
                ask("tools.search", json!({ "query": words.join(" ") }), &[])
            }
            ["--describe", name] => ask("tools.describe", json!({ "name": name }), &[]),
            [name] if !name.starts_with('-') => {
                let given = ctx.stdin.map(|stdin| stdin.text_lossy().trim().to_string()).unwrap_or_default();
                match arguments(if given.is_empty() { "{}" } else { &given }) {
                    Ok(arguments) => ask("tools.call", json!({ "name": name, "args": arguments }), &[]),
                    Err(message) => return Ok(ExecResult::err(message, 2)),
                }
            }
            [name, text] if !name.starts_with('-') => match arguments(text) {
                Ok(arguments) => ask("tools.call", json!({ "name": name, "args": arguments }), &[]),
                Err(message) => return Ok(ExecResult::err(message, 2)),
            },
            _ => return Ok(ExecResult::err(TOOL_USAGE, 2)),
        };
        Ok(match answer {
            Ok(answer) if args[0].starts_with("--") => ExecResult::ok(shown(&answer.value)),
            Ok(answer) => ExecResult::ok(shown(&answer.value["value"])),
            Err(why) => refused("tool", &why),
        })
    }
}

fn arguments(text: &str) -> std::result::Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err("tool: the arguments are not a JSON object\n".to_string()),
        Err(error) => Err(format!("tool: the arguments are not JSON: {error}\n")),
    }
}

/// A text as it is, anything else as JSON; one line end behind it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.ends_with('\n') => text.clone(),
        Value::String(text) => format!("{text}\n"),
        other => format!("{other}\n"),
    }
}

/// With the folders that the shell has, where its grant lets it pass them on.
fn start(mut args: Value) -> std::result::Result<crate::host::Answer, Refused> {
    if crate::files::SHARES.load(Ordering::Relaxed) {
        args["share"] = json!(["fs"]);
        match ask("run.start", args.clone(), &[]) {
            Err(why) if why.code == "CAPABILITY_DENIED" => {
                crate::files::SHARES.store(false, Ordering::Relaxed);
                crate::host::begin_command();
            }
            answer => return answer,
        }
    }
    args["share"] = json!([]);
    ask("run.start", args, &[])
}

/// `python`, `node`: a run of its own, in the budget of this one.
struct Start(&'static str);

#[async_trait]
impl Builtin for Start {
    async fn execute(&self, ctx: BuiltinContext<'_>) -> Result<ExecResult> {
        let name = if self.0 == "python" { "python" } else { "node" };
        let stdin = ctx.stdin.map(|stdin| stdin.as_bytes().to_vec()).unwrap_or_default();
        let (flag, other) = if self.0 == "python" { ("-c", "-c") } else { ("-e", "--eval") };
        let (code, argv, stdin) = match ctx.args {
            [first, code, argv @ ..] if first == flag || first == other => (code.clone(), argv, stdin),
            [first, ..] if first.starts_with('-') && first != "-" => {
                return Ok(ExecResult::err(format!("{name}: unknown option {first}; give {flag} CODE, a file, or a program on stdin\n"), 2));
            }
            [] => (String::from_utf8_lossy(&stdin).into_owned(), &[][..], Vec::new()),
            [first, argv @ ..] if first == "-" => (String::from_utf8_lossy(&stdin).into_owned(), argv, Vec::new()),
            [file, argv @ ..] => {
                let path = bashkit::vfs_join(ctx.cwd, std::path::Path::new(file));
                match ctx.fs.read_file(&path).await {
                    Ok(bytes) => (String::from_utf8_lossy(&bytes).into_owned(), argv, stdin),
                    Err(error) => return Ok(ExecResult::err(format!("{name}: can't open file '{file}': {error}\n"), 2)),
                }
            }
        };
        let mut args = json!({
            "language": self.0,
            "code": code,
            "stdin": String::from_utf8_lossy(&stdin),
        });
        if !argv.is_empty() {
            args["argv"] = json!(argv);
        }
        let answer = start(args);
        Ok(match answer {
            Err(why) => {
                let printed = |field: &str| why.details[field].as_str().unwrap_or_default().to_string();
                let code = why.details["exitCode"].as_i64().map_or(1, |code| (code & 0xff) as i32);
                let mut result = ExecResult::with_code(printed("stdout"), code);
                result.stderr = format!("{}{name}: {}\n", printed("stderr"), why.message).into();
                result
            }
            Ok(answer) => {
                let text = |field: &str| answer.value[field].as_str().unwrap_or_default().to_string();
                let mut result = ExecResult::ok(text("stdout"));
                result.stderr = text("stderr").into();
                result
            }
        })
    }
}
