//! `commands: [...]`: what a script may use, told by its text before anything of it runs.

use bashkit::Bash;
use bashkit::analysis::is_command_wrapper;
use std::collections::HashSet;

/// Why the script does not fit the list; `None` when it does.
pub fn misfit(bash: &Bash, script: &str, allowed: &HashSet<String>) -> Option<String> {
    let analysis = match bash.analyze(script) {
        Ok(analysis) => analysis,
        Err(error) => return Some(format!("its syntax cannot be read: {error}")),
    };
    if analysis.truncated {
        return Some("it has too many commands to look at".to_string());
    }
    let own: HashSet<&str> = analysis.functions.iter().map(String::as_str).collect();
    for command in &analysis.commands {
        if command.is_assignment_only() {
            continue;
        }
        let Some(name) = command.name.as_deref() else {
            // `> file` alone names no command and runs none.
            if command.args.is_empty() && command.assignments.is_empty() && !analysis.has_dynamic_commands {
                continue;
            }
            return Some("a command in it has a name that is only known when it runs".to_string());
        };
        if own.contains(name) {
            continue;
        }
        if !is_named(name, allowed) {
            return Some(named(name, allowed));
        }
        if is_command_wrapper(name) {
            let inner = command.args.iter().find(|arg| {
                arg.as_deref().is_none_or(|text| !text.starts_with('-') && !text.contains('='))
            });
            match inner {
                Some(Some(inner)) if !is_named(inner, allowed) && !own.contains(inner.as_str()) => {
                    return Some(named(inner, allowed));
                }
                Some(None) => {
                    return Some(format!("what \"{name}\" runs is only known when it runs"));
                }
                _ => {}
            }
        }
    }
    None
}

/// Whether the list names a command; `/bin/rm` is `rm`.
pub fn is_named(name: &str, allowed: &HashSet<String>) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    allowed.contains(last) || (last == "[" && allowed.contains("test"))
}

fn named(name: &str, allowed: &HashSet<String>) -> String {
    let mut list: Vec<&str> = allowed.iter().map(String::as_str).collect();
    list.sort_unstable();
    format!("\"{name}\" is not one of its commands: {}", list.join(", "))
}
