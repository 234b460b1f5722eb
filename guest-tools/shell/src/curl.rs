//! `curl` and `wget` over the host's requests: what may be reached, the grant decides on the host's side.

use crate::commands::refused;
use crate::host::ask;
use async_trait::async_trait;
use bashkit::{Builtin, BuiltinContext, ExecResult, Result, vfs_join};
use serde_json::{Value, json};
use std::path::Path;

pub struct Curl;
pub struct Wget;

#[derive(Default)]
struct Request {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    output: Option<String>,
    /// The name of the file is the last part of the address.
    remote_name: bool,
    write_out: Option<String>,
    follow: bool,
    fail: bool,
    silent: bool,
    shows_error: bool,
    include: bool,
    head: bool,
    query: bool,
    timeout_ms: Option<u64>,
}

/// Status of curl for: a request that failed, an HTTP status over 400 under `-f`, a wrong option.
const FAILED: i32 = 7;
const REFUSED_STATUS: i32 = 22;
const USAGE: i32 = 2;

#[async_trait]
impl Builtin for Curl {
    async fn execute(&self, ctx: BuiltinContext<'_>) -> Result<ExecResult> {
        let request = match read_args(&ctx).await {
            Ok(request) => request,
            Err(message) => return Ok(ExecResult::err(format!("curl: {message}\n"), USAGE)),
        };
        send("curl", request, &ctx).await
    }
}

#[async_trait]
impl Builtin for Wget {
    async fn execute(&self, ctx: BuiltinContext<'_>) -> Result<ExecResult> {
        let mut request = Request { follow: true, fail: true, shows_error: true, remote_name: true, ..Request::default() };
        let mut args = ctx.args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-q" | "--quiet" | "-nv" => request.silent = true,
                "-O" | "--output-document" => {
                    request.output = args.next().cloned();
                    request.remote_name = false;
                }
                "-qO-" | "-O-" => {
                    request.output = Some("-".to_string());
                    request.remote_name = false;
                }
                other if other.starts_with('-') => {
                    return Ok(ExecResult::err(format!("wget: unknown option {other}; known are -q and -O FILE\n"), USAGE));
                }
                url => request.url = Some(url.to_string()),
            }
        }
        if request.output.as_deref() == Some("-") {
            request.output = None;
        }
        send("wget", request, &ctx).await
    }
}

/// Options of curl that scripts use; one that is not known is an error, because it might have changed what is sent.
async fn read_args(ctx: &BuiltinContext<'_>) -> std::result::Result<Request, String> {
    let mut request = Request::default();
    let mut args = expanded(ctx.args).into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("option {arg}: requires parameter"));
        match arg.as_str() {
            "-X" | "--request" => request.method = Some(value()?),
            "-H" | "--header" => request.headers.push(header(&value()?)?),
            "-d" | "--data" | "--data-ascii" => add_body(&mut request, data(ctx, &value()?, true).await?),
            "--data-raw" => add_body(&mut request, value()?.into_bytes()),
            "--data-binary" => add_body(&mut request, data(ctx, &value()?, false).await?),
            "--json" => {
                add_body(&mut request, data(ctx, &value()?, false).await?);
                for (name, text) in [("content-type", "application/json"), ("accept", "application/json")] {
                    request.headers.push((name.to_string(), text.to_string()));
                }
            }
            "-A" | "--user-agent" => request.headers.push(("user-agent".to_string(), value()?)),
            "-e" | "--referer" => request.headers.push(("referer".to_string(), value()?)),
            "-o" | "--output" => request.output = Some(value()?),
            "-w" | "--write-out" => request.write_out = Some(value()?),
            "-m" | "--max-time" => {
                let seconds: f64 = value()?.parse().map_err(|_| "-m takes seconds".to_string())?;
                request.timeout_ms = Some((seconds * 1000.0).max(1.0) as u64);
            }
            "--url" => request.url = Some(value()?),
            "-O" | "--remote-name" => request.remote_name = true,
            "-L" | "--location" => request.follow = true,
            "-f" | "--fail" => request.fail = true,
            "-s" | "--silent" => request.silent = true,
            "-S" | "--show-error" => request.shows_error = true,
            "-i" | "--include" => request.include = true,
            "-I" | "--head" => request.head = true,
            "-G" | "--get" => request.query = true,
            "--compressed" | "-#" | "--progress-bar" => {}
            other if other.starts_with('-') && other.len() > 1 => {
                return Err(format!("option {other}: is unknown here"));
            }
            url if request.url.is_none() => request.url = Some(url.to_string()),
            url => return Err(format!("one address a call, and {url} is a second")),
        }
    }
    if request.url.is_none() {
        return Err("no URL specified".to_string());
    }
    Ok(request)
}

/// `-sSL` as `-s -S -L`, `-XPOST` as `-X POST`, `--data=x` as `--data x`.
fn expanded(args: &[String]) -> Vec<String> {
    const WITH_VALUE: &str = "XHdAeowm";
    let mut all = Vec::new();
    for arg in args {
        if let Some((name, value)) = arg.strip_prefix("--").and_then(|rest| rest.split_once('=')) {
            all.extend([format!("--{name}"), value.to_string()]);
        } else if arg.starts_with('-') && !arg.starts_with("--") && arg.chars().count() > 2 {
            let letters: Vec<char> = arg.chars().skip(1).collect();
            for (at, letter) in letters.iter().enumerate() {
                all.push(format!("-{letter}"));
                if WITH_VALUE.contains(*letter) {
                    let rest: String = letters[at + 1..].iter().collect();
                    if !rest.is_empty() {
                        all.push(rest);
                    }
                    break;
                }
            }
        } else {
            all.push(arg.clone());
        }
    }
    all
}

fn header(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("header {text:?} has no colon"))?;
    Ok((name.trim().to_string(), value.trim().to_string()))
}

/// `@FILE` and `@-` name where the bytes are.
async fn data(ctx: &BuiltinContext<'_>, text: &str, no_lines: bool) -> std::result::Result<Vec<u8>, String> {
    let Some(file) = text.strip_prefix('@') else {
        return Ok(text.as_bytes().to_vec());
    };
    let mut bytes = if file == "-" {
        ctx.stdin.map(|stdin| stdin.as_bytes().to_vec()).unwrap_or_default()
    } else {
        let path = vfs_join(ctx.cwd, Path::new(file));
        ctx.fs.read_file(&path).await.map_err(|error| format!("cannot read {file}: {error}"))?
    };
    if no_lines {
        bytes.retain(|byte| *byte != b'\n' && *byte != b'\r');
    }
    Ok(bytes)
}

fn add_body(request: &mut Request, bytes: Vec<u8>) {
    match &mut request.body {
        Some(body) => {
            body.push(b'&');
            body.extend(bytes);
        }
        None => request.body = Some(bytes),
    }
}

async fn send(name: &str, mut request: Request, ctx: &BuiltinContext<'_>) -> Result<ExecResult> {
    let Some(mut url) = request.url.take() else {
        return Ok(ExecResult::err(format!("{name}: no URL specified\n"), USAGE));
    };
    if !url.contains("://") && !url.starts_with('/') {
        url = format!("http://{url}"); // as curl reads it
    }
    if request.query && let Some(body) = request.body.take() {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&String::from_utf8_lossy(&body));
    }
    let body = request.body.take();
    let has_type = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if body.is_some() && !has_type {
        request.headers.push(("content-type".to_string(), "application/x-www-form-urlencoded".to_string()));
    }
    let method = request.method.clone().unwrap_or_else(|| {
        String::from(if request.head { "HEAD" } else if body.is_some() { "POST" } else { "GET" })
    });
    let mut args = json!({
        "url": url,
        "method": method,
        "headers": request.headers,
        "redirect": if request.follow { "follow" } else { "manual" },
    });
    if let Some(ms) = request.timeout_ms {
        args["timeoutMs"] = json!(ms);
    }
    let answer = match ask("http.request", args, body.as_deref().unwrap_or_default()) {
        Ok(answer) => answer,
        Err(why) => {
            let mut result = refused(name, &why);
            result.exit_code = FAILED;
            if request.silent && !request.shows_error {
                result.stderr = "".into();
            }
            return Ok(result);
        }
    };
    let status = answer.value["status"].as_u64().unwrap_or(0);
    if request.fail && status >= 400 {
        let text = format!("{name}: ({REFUSED_STATUS}) The requested URL returned error: {status}\n");
        let quiet = request.silent && !request.shows_error;
        return Ok(ExecResult::err(if quiet { String::new() } else { text }, REFUSED_STATUS));
    }
    let mut shown = Vec::new();
    if request.include || request.head {
        shown.extend(head_text(&answer.value).into_bytes());
    }
    if !request.head {
        shown.extend_from_slice(&answer.bytes);
    }
    let size = answer.bytes.len();
    let file = request.output.clone().or_else(|| request.remote_name.then(|| last_part(&url)));
    let mut printed = Vec::new();
    match file {
        Some(file) => {
            let path = vfs_join(ctx.cwd, Path::new(&file));
            if let Err(error) = ctx.fs.write_file(&path, &shown).await {
                return Ok(ExecResult::err(format!("{name}: cannot write {file}: {error}\n"), 23));
            }
        }
        None => printed = shown,
    }
    if let Some(format) = &request.write_out {
        let text = written_out(format, &answer.value, size);
        printed.extend(text.into_bytes());
    }
    Ok(ExecResult::ok_bytes(printed))
}

fn head_text(head: &Value) -> String {
    let mut text = format!(
        "HTTP/1.1 {} {}\r\n",
        head["status"].as_u64().unwrap_or(0),
        head["statusText"].as_str().unwrap_or_default()
    );
    for pair in head["headers"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let part = |at: usize| pair[at].as_str().unwrap_or_default();
        text.push_str(&format!("{}: {}\r\n", part(0), part(1)));
    }
    text.push_str("\r\n");
    text
}

fn last_part(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.split("://").nth(1).unwrap_or(path).rsplit('/').next().unwrap_or_default();
    if name.is_empty() || !path.split("://").nth(1).unwrap_or(path).contains('/') {
        return "index.html".to_string();
    }
    name.to_string()
}

fn written_out(format: &str, head: &Value, size: usize) -> String {
    let kind = head["headers"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|pair| pair[0].as_str().is_some_and(|name| name.eq_ignore_ascii_case("content-type")))
        .and_then(|pair| pair[1].as_str())
        .unwrap_or_default();
    format
        .replace("%{http_code}", &head["status"].as_u64().unwrap_or(0).to_string())
        .replace("%{response_code}", &head["status"].as_u64().unwrap_or(0).to_string())
        .replace("%{size_download}", &size.to_string())
        .replace("%{url_effective}", head["url"].as_str().unwrap_or_default())
        .replace("%{content_type}", kind)
        .replace("\\n", "\n")
        .replace("\\t", "\t")
}
