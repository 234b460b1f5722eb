//! The one way out: `sandglass.call`, as `wit/preview1.h` describes it.

use serde_json::{Value, json};
use std::io::{Error, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

#[link(wasm_import_module = "sandglass")]
unsafe extern "C" {
    fn call(request: *const u8, length: usize, answer: *mut u8, room: usize) -> usize;
}

/// Number of the refusal that the present command met; 0 when it met none.
static MET: AtomicU64 = AtomicU64::new(0);

/// What the host answered instead of doing it.
pub struct Refused {
    pub code: String,
    pub message: String,
    /// `details.reason`, where there is one.
    pub reason: String,
    pub details: Value,
}

pub struct Answer {
    pub value: Value,
    pub bytes: Vec<u8>,
}

/// Codes of what the run may not do.
const REFUSALS: &[&str] =
    &["CAPABILITY_DENIED", "UNAUTHENTICATED", "CONFIRMATION_REQUIRED", "RATE_LIMITED", "HOST_CALLS_EXCEEDED"];
const FIRST_ROOM: usize = 64 * 1024;

/// Asks the host to do one operation. Grant, budget and audit are its affair.
pub fn ask(operation: &str, args: Value, bytes: &[u8]) -> Result<Answer, Refused> {
    let head = json!({ "operation": operation, "args": args }).to_string();
    let mut request = Vec::with_capacity(4 + head.len() + bytes.len());
    request.extend_from_slice(&(head.len() as u32).to_le_bytes());
    request.extend_from_slice(head.as_bytes());
    request.extend_from_slice(bytes);
    let mut room = vec![0u8; FIRST_ROOM];
    // SAFETY: both pairs are parts of this module's memory that live over the call.
    let mut size = unsafe { call(request.as_ptr(), request.len(), room.as_mut_ptr(), room.len()) };
    if size > room.len() {
        room = vec![0u8; size];
        // An empty request takes the answer that had no room.
        size = unsafe { call(request.as_ptr(), 0, room.as_mut_ptr(), room.len()) };
    }
    room.truncate(size);
    read_answer(room)
}

fn read_answer(mut answer: Vec<u8>) -> Result<Answer, Refused> {
    let length = answer
        .get(..4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes) as usize;
    let head: Value = answer
        .get(4..4 + length)
        .and_then(|text| serde_json::from_slice(text).ok())
        .unwrap_or(Value::Null);
    if head["ok"] == Value::Bool(true) {
        let value = head["value"].clone();
        return Ok(Answer { value, bytes: answer.split_off(4 + length) });
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let refused = Refused {
        code: text(&head["code"]),
        message: text(&head["message"]),
        reason: text(&head["details"]["reason"]),
        details: head["details"].clone(),
    };
    // What was tried and failed is no refusal: it is the status of a command.
    if REFUSALS.contains(&refused.code.as_str()) {
        MET.store(head["refusal"].as_u64().unwrap_or(0), Ordering::Relaxed);
    }
    Err(refused)
}

/// A command begins: what an earlier one met, the script got over.
pub fn begin_command() {
    MET.store(0, Ordering::Relaxed);
}

/// Ends the run with the refusal that the last command met, if it met one.
pub fn let_through() {
    let id = MET.load(Ordering::Relaxed);
    if id != 0 {
        let _ = ask("guest.refused", json!({ "refusal": id }), &[]);
    }
}

impl Refused {
    /// As the commands of the shell expect it of a file system.
    pub fn into_io(self) -> Error {
        if self.code == "CAPABILITY_DENIED" {
            return Error::new(ErrorKind::PermissionDenied, "Permission denied");
        }
        match self.reason.as_str() {
            "not-found" => Error::new(ErrorKind::NotFound, "No such file or directory"),
            "exists" => Error::new(ErrorKind::AlreadyExists, "File exists"),
            "not-directory" => Error::other("not a directory"),
            "is-directory" => Error::other("is a directory"),
            "not-empty" => Error::other("directory not empty"),
            "cross-device" => Error::new(ErrorKind::CrossesDevices, "Invalid cross-device link"),
            "too-large" => Error::new(ErrorKind::FileTooLarge, "File too large"),
            "no-space" => Error::new(ErrorKind::StorageFull, "No space left on device"),
            "loop" => Error::other("Too many levels of symbolic links"),
            "name-too-long" => Error::new(ErrorKind::InvalidFilename, "File name too long"),
            "not-permitted" => Error::new(ErrorKind::PermissionDenied, "Operation not permitted"),
            _ => Error::other(self.message),
        }
    }
}
