//! The files of the shell: the granted folders through the host, devices in memory, nothing else.

use crate::host::{Answer, Refused, ask};
use async_trait::async_trait;
use bashkit::{
    DirEntry, FileSystem, FileSystemExt, FileType, InMemoryFs, Metadata, Result, normalize_path,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// A command of the script shows sizes or times of what is in a folder: then each entry is asked for, a host call each.
pub static SHOWS_STATS: AtomicBool = AtomicBool::new(false);
/// The folders of the grant may be passed on, as far as is known.
pub static SHARES: AtomicBool = AtomicBool::new(false);
/// Bytes that one host call may carry.
pub static CHUNK: AtomicUsize = AtomicUsize::new(1 << 20);

/// Trees that the shell makes up: what is not in them is not there. Nobody is asked.
const MADE_UP: &[&str] = &[
    "/bin", "/sbin", "/usr", "/lib", "/etc", "/proc", "/sys", "/root", "/opt", "/var", "/home", "/run",
];

pub struct HostFiles {
    devices: InMemoryFs,
    mounts: Vec<PathBuf>,
    /// What `chmod` said, of this shell: the host's own modes are not in reach.
    modes: Mutex<HashMap<PathBuf, u32>>,
}

enum Place {
    Granted,
    /// A folder on the way to a granted one.
    Above,
    Device,
    MadeUp,
    /// The host says what it thinks of it.
    Elsewhere,
}

impl HostFiles {
    pub fn new(mounts: Vec<PathBuf>) -> Self {
        Self { devices: InMemoryFs::new(), mounts, modes: Mutex::default() }
    }

    fn place(&self, path: &Path) -> Place {
        if self.mounts.iter().any(|mount| path.starts_with(mount)) {
            Place::Granted
        } else if path.starts_with("/dev") {
            Place::Device
        } else if self.mounts.iter().any(|mount| mount.starts_with(path)) || path == Path::new("/") {
            Place::Above
        } else if MADE_UP.iter().any(|tree| path.starts_with(tree)) {
            Place::MadeUp
        } else {
            Place::Elsewhere
        }
    }

    fn stat_with(&self, path: &Path, no_follow: bool) -> Result<Metadata> {
        let value = host("fs.stat", json!({ "path": text(path), "noFollow": no_follow }))?;
        Ok(self.metadata(path, &value))
    }

    fn metadata(&self, path: &Path, stat: &Value) -> Metadata {
        let file_type = type_of(stat);
        let mode = self.modes.lock().ok().and_then(|modes| modes.get(path).copied());
        let modified = UNIX_EPOCH
            + Duration::from_secs_f64(stat["modifiedMs"].as_f64().unwrap_or(0.0).max(0.0) / 1000.0);
        Metadata {
            file_type,
            size: stat["size"].as_u64().unwrap_or(0),
            mode: mode.unwrap_or(match file_type {
                FileType::Directory => 0o755,
                FileType::Symlink => 0o777,
                _ => 0o644,
            }),
            modified,
            created: modified,
        }
    }

    /// Names below a folder that is on the way to granted ones.
    fn names_above(&self, path: &Path) -> Vec<DirEntry> {
        let mut names: Vec<String> = self
            .mounts
            .iter()
            .filter_map(|mount| mount.strip_prefix(path).ok()?.components().next())
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.dedup();
        names.into_iter().map(|name| DirEntry { name, metadata: folder() }).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn host(operation: &str, args: Value) -> Result<Value> {
    Ok(ask(operation, args, &[]).map_err(Refused::into_io)?.value)
}

fn put(operation: &str, args: Value, bytes: &[u8]) -> Result<Value> {
    Ok(ask(operation, args, bytes).map_err(Refused::into_io)?.value)
}

fn type_of(stat: &Value) -> FileType {
    match stat["type"].as_str() {
        Some("directory") => FileType::Directory,
        Some("symlink") => FileType::Symlink,
        _ => FileType::File,
    }
}

fn folder() -> Metadata {
    Metadata { file_type: FileType::Directory, mode: 0o755, ..Metadata::default() }
}

fn missing() -> bashkit::Error {
    Error::new(ErrorKind::NotFound, "No such file or directory").into()
}

/// A file that no one answer holds.
fn read_in_pieces(path: &Path) -> Result<Vec<u8>> {
    let opened = host("fs.open", json!({ "path": text(path), "read": true }))?;
    let handle = &opened["handle"];
    let length = CHUNK.load(Ordering::Relaxed);
    let mut bytes = Vec::with_capacity(opened["stat"]["size"].as_u64().unwrap_or(0) as usize);
    loop {
        let args = json!({ "handle": handle, "offset": bytes.len(), "length": length });
        let Answer { bytes: piece, .. } = ask("fs.read", args, &[]).map_err(Refused::into_io)?;
        if piece.is_empty() {
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    host("fs.close", json!({ "handle": handle }))?;
    Ok(bytes)
}

/// Complete, or as before: what is written becomes the file by the commit alone.
fn write_in_pieces(path: &Path, content: &[u8]) -> Result<()> {
    let opened = host("fs.open", json!({ "path": text(path), "replace": true }))?;
    let handle = &opened["handle"];
    let mut offset = 0;
    for piece in content.chunks(CHUNK.load(Ordering::Relaxed)) {
        if let Err(error) = put("fs.write", json!({ "handle": handle, "offset": offset }), piece) {
            let _ = host("fs.close", json!({ "handle": handle }));
            return Err(error);
        }
        offset += piece.len();
    }
    host("fs.commit", json!({ "handle": handle }))?;
    Ok(())
}

impl FileSystemExt for HostFiles {
    fn backend_kind(&self) -> &'static str {
        "sandglass"
    }
}

#[async_trait]
impl FileSystem for HostFiles {
    async fn read_file(&self, path: &Path) -> Result<Vec<u8>> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Device => self.devices.read_file(path).await,
            Place::MadeUp => Err(missing()),
            Place::Above => Err(Error::other("is a directory").into()),
            Place::Granted | Place::Elsewhere => {
                match ask("fs.readFile", json!({ "path": text(path) }), &[]) {
                    Ok(answer) => Ok(answer.bytes),
                    Err(refused) if refused.reason == "too-large" => read_in_pieces(path),
                    Err(refused) => Err(refused.into_io().into()),
                }
            }
        }
    }

    async fn write_file(&self, path: &Path, content: &[u8]) -> Result<()> {
        let path = &normalize_path(path);
        if matches!(self.place(path), Place::Device) {
            return self.devices.write_file(path, content).await;
        }
        if content.len() > CHUNK.load(Ordering::Relaxed) {
            return write_in_pieces(path, content);
        }
        put("fs.writeFile", json!({ "path": text(path) }), content)?;
        Ok(())
    }

    async fn append_file(&self, path: &Path, content: &[u8]) -> Result<()> {
        let path = &normalize_path(path);
        if matches!(self.place(path), Place::Device) {
            return self.devices.append_file(path, content).await;
        }
        let mut pieces = content.chunks(CHUNK.load(Ordering::Relaxed));
        put("fs.append", json!({ "path": text(path) }), pieces.next().unwrap_or_default())?;
        for piece in pieces {
            put("fs.append", json!({ "path": text(path) }), piece)?;
        }
        Ok(())
    }

    async fn mkdir(&self, path: &Path, recursive: bool) -> Result<()> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Device => self.devices.mkdir(path, recursive).await,
            Place::Above if recursive => Ok(()),
            Place::Above => Err(Error::new(ErrorKind::AlreadyExists, "File exists").into()),
            _ => host("fs.mkdir", json!({ "path": text(path), "recursive": recursive })).map(drop),
        }
    }

    async fn remove(&self, path: &Path, recursive: bool) -> Result<()> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Device => self.devices.remove(path, recursive).await,
            _ => host("fs.remove", json!({ "path": text(path), "recursive": recursive })).map(drop),
        }
    }

    async fn stat(&self, path: &Path) -> Result<Metadata> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Device => self.devices.stat(path).await,
            Place::MadeUp => Err(missing()),
            Place::Above => Ok(folder()),
            Place::Granted | Place::Elsewhere => self.stat_with(path, false),
        }
    }

    async fn lstat(&self, path: &Path) -> Result<Metadata> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Granted | Place::Elsewhere => self.stat_with(path, true),
            _ => self.stat(path).await,
        }
    }

    async fn read_dir(&self, path: &Path) -> Result<Vec<DirEntry>> {
        let path = &normalize_path(path);
        match self.place(path) {
            Place::Device => return self.devices.read_dir(path).await,
            Place::MadeUp => return Err(missing()),
            Place::Above => return Ok(self.names_above(path)),
            Place::Granted | Place::Elsewhere => {}
        }
        let listed = host("fs.list", json!({ "path": text(path) }))?;
        let with_stats = SHOWS_STATS.load(Ordering::Relaxed);
        let entries = listed.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| {
                let name = entry["name"].as_str().unwrap_or_default().to_string();
                let full = path.join(&name);
                let stat = if with_stats { self.stat_with(&full, true).ok() } else { None };
                DirEntry { metadata: stat.unwrap_or_else(|| self.metadata(&full, entry)), name }
            })
            .collect())
    }

    async fn exists(&self, path: &Path) -> Result<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(bashkit::Error::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (&normalize_path(from), &normalize_path(to));
        match ask("fs.rename", json!({ "path": text(from), "to": text(to) }), &[]) {
            Ok(_) => Ok(()),
            Err(refused) if refused.reason == "cross-device" => {
                self.copy(from, to).await?;
                self.remove(from, false).await
            }
            Err(refused) => Err(refused.into_io().into()),
        }
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let content = self.read_file(from).await?;
        self.write_file(to, &content).await
    }

    async fn symlink(&self, target: &Path, link: &Path) -> Result<()> {
        let link = normalize_path(link);
        host("fs.symlink", json!({ "path": text(&link), "target": text(target) })).map(drop)
    }

    async fn read_link(&self, path: &Path) -> Result<PathBuf> {
        let path = normalize_path(path);
        match self.place(&path) {
            Place::Granted | Place::Elsewhere => {
                let value = host("fs.readlink", json!({ "path": text(&path) }))?;
                Ok(PathBuf::from(value["target"].as_str().unwrap_or_default()))
            }
            Place::Device => self.devices.read_link(&path).await,
            _ => Err(Error::new(ErrorKind::InvalidInput, "Invalid argument").into()),
        }
    }

    async fn chmod(&self, path: &Path, mode: u32) -> Result<()> {
        let path = normalize_path(path);
        self.stat(&path).await?;
        if let Ok(mut modes) = self.modes.lock() {
            modes.insert(path, mode);
        }
        Ok(())
    }

    async fn set_modified_time(&self, path: &Path, time: std::time::SystemTime) -> Result<()> {
        let ms = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0;
        host("fs.utimes", json!({ "path": text(&normalize_path(path)), "modifiedMs": ms })).map(drop)
    }
}
