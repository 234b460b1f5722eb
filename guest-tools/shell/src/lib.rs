//! The shell of Sandglass: bashkit over the host's files, one script a call. Variables, functions and the folder stay for the next call of a
//! kept instance. How many commands, loops, bytes: fuel, memory, output and deadline of the run decide, so bashkit's own counters are out of the way.

mod check;
mod commands;
mod curl;
mod files;
mod host;

use bashkit::hooks::{HookAction, ToolEvent};
use bashkit::{Bash, ExecOptions, ExecutionLimits, MemoryLimits, SessionLimits};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One call, as the engine writes it: the only argument of the program.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    script: String,
    name: String,
    argv: Vec<String>,
    cwd: PathBuf,
    env: BTreeMap<String, String>,
    /// Variables of this call.
    inputs: BTreeMap<String, String>,
    /// Granted folders, and the scratch folder.
    mounts: Vec<PathBuf>,
    /// Parts that the grant has.
    granted: HashSet<String>,
    /// Names of commands that the script may use; absent: all there are.
    commands: Option<HashSet<String>>,
    /// Bytes that one host call may carry.
    chunk_bytes: usize,
}

struct Shell {
    bash: Bash,
    /// Where calls were said to start; a call that says another moves there.
    cwd: PathBuf,
    env: BTreeMap<String, String>,
}

thread_local! {
    static SHELL: RefCell<Option<Shell>> = const { RefCell::new(None) };
}

/// Status of a script that does not fit its list of commands; no script can end with it.
const MISFIT: i32 = -1;

/// Runs the script of the present call and answers its status.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    let spec: Spec = match std::env::args().nth(1).map(|text| serde_json::from_str(&text)) {
        Some(Ok(spec)) => spec,
        _ => return 127, // only the engine calls this
    };
    files::CHUNK.store(spec.chunk_bytes, Ordering::Relaxed);
    files::SHARES.store(spec.granted.contains("fs"), Ordering::Relaxed);
    host::begin_command();
    let code = SHELL.with_borrow_mut(|kept| {
        let shell = kept.get_or_insert_with(|| open(&spec));
        if let Some(allowed) = &spec.commands
            && let Some(reason) = check::misfit(&shell.bash, &spec.script, allowed)
        {
            let _ = host::ask("guest.misfit", serde_json::json!({ "reason": reason }), &[]);
            return MISFIT;
        }
        execute(shell, &spec)
    });
    // Outside of the borrow, because the call may be left here.
    if code > 0 {
        host::let_through();
    }
    code
}

fn open(spec: &Spec) -> Shell {
    let limits = ExecutionLimits {
        max_work_units: u64::MAX,
        max_aggregate_input_bytes: u64::MAX,
        max_live_intermediate_bytes: u64::MAX,
        max_commands: usize::MAX,
        max_loop_iterations: usize::MAX,
        max_total_loop_iterations: usize::MAX,
        max_function_depth: usize::MAX,
        timeout: Duration::from_secs(86_400),
        parser_timeout: Duration::from_secs(86_400),
        max_input_bytes: usize::MAX,
        max_parser_operations: usize::MAX,
        max_stdout_bytes: usize::MAX,
        max_stderr_bytes: usize::MAX,
        max_word_split_fields: usize::MAX,
        max_word_split_bytes: usize::MAX,
        ..ExecutionLimits::default()
    };
    let memory = MemoryLimits {
        max_variable_count: usize::MAX,
        max_total_variable_bytes: usize::MAX,
        max_array_entries: usize::MAX,
        max_function_count: usize::MAX,
        max_function_body_bytes: usize::MAX,
    };
    let mut builder = Bash::builder()
        .fs(Arc::new(files::HostFiles::new(spec.mounts.clone())))
        // The host follows links itself, and holds each to its mount.
        .follow_symlinks(false)
        .username("guest")
        .hostname("sandglass")
        .env("HOME", "/tmp")
        .cwd(spec.cwd.clone())
        .limits(limits)
        .session_limits(SessionLimits::unlimited())
        .memory_limits(memory)
        .before_tool(Box::new(|event: ToolEvent| {
            host::begin_command();
            if commands::shows_stats(&event.name, &event.args) {
                files::SHOWS_STATS.store(true, Ordering::Relaxed);
            }
            HookAction::Continue(event)
        }));
    for (name, value) in &spec.env {
        builder = builder.env(name, value);
    }
    let allowed = spec.commands.clone();
    let permitted = move |name: &str| allowed.as_ref().is_none_or(|list| check::is_named(name, list));
    for (name, command) in commands::offered(&spec.granted) {
        if permitted(name) {
            builder = builder.builtin(name, command);
        }
    }
    let bash = builder.builtin_filter(move |name| !commands::OURS.contains(&name) && permitted(name)).build();
    Shell { bash, cwd: spec.cwd.clone(), env: spec.env.clone() }
}

fn execute(shell: &mut Shell, spec: &Spec) -> i32 {
    for (name, value) in &spec.env {
        if shell.env.insert(name.clone(), value.clone()).as_ref() != Some(value) {
            shell.bash.set_env(name, value);
        }
    }
    for (name, value) in &spec.inputs {
        shell.bash.set_env(name, value);
    }
    let mut options = ExecOptions::new().arg0(spec.name.clone()).positional(spec.argv.clone());
    let stdin = read_stdin();
    if !stdin.is_empty() {
        options = options.stdin(stdin);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&spec.name, &error.to_string(), 126),
    };
    if shell.cwd != spec.cwd {
        shell.cwd = spec.cwd.clone();
        let folder = spec.cwd.to_string_lossy().replace('\'', "'\\''");
        let _ = runtime.block_on(shell.bash.exec(&format!("cd -- '{folder}'"))); // a folder that is not there: the script finds out
    }
    let result = runtime.block_on(
        shell
            .bash
            .execute(&spec.script)
            .options(options)
            .stdout_fn(|bytes| async move { write_all(1, &bytes) })
            .stderr_fn(|bytes| async move { write_all(2, &bytes) })
            .into_future(),
    );
    match result {
        Ok(result) => result.exit_code & 0xff,
        Err(error) => {
            let code = if matches!(error, bashkit::Error::Parse { .. }) { 2 } else { 1 };
            fail(&spec.name, &error.to_string(), code)
        }
    }
}

fn fail(name: &str, message: &str, code: i32) -> i32 {
    let _ = write_all(2, format!("{name}: {message}\n").as_bytes());
    code
}

/// Descriptors are the call's own: a buffer of the standard library would be an earlier one's.
fn standard(fd: i32) -> ManuallyDrop<std::fs::File> {
    // SAFETY: 0, 1 and 2 are open in every call, and are not closed here.
    ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(fd) })
}

fn read_stdin() -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = standard(0).read_to_end(&mut bytes); // what could be read is what there is
    bytes
}

fn write_all(fd: i32, bytes: &[u8]) -> bashkit::Result<()> {
    standard(fd).write_all(bytes)?;
    Ok(())
}
