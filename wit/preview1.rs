//! How a WASI preview 1 module reaches host functions; preview1.h beside it says what a request and an answer are.

#[link(wasm_import_module = "sandglass")]
unsafe extern "C" {
    fn call(request: *const u8, length: usize, answer: *mut u8, room: usize) -> usize;
}

/// Asks the host, e.g. `ask(br#"{"operation":"fs.readFile","args":{"path":"/data/a.txt"}}"#, &[])`. Answers JSON and bytes.
pub fn ask(json: &[u8], bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut request = (json.len() as u32).to_le_bytes().to_vec();
    request.extend_from_slice(json);
    request.extend_from_slice(bytes);
    let mut answer = vec![0u8; 64 * 1024];
    let mut size = unsafe { call(request.as_ptr(), request.len(), answer.as_mut_ptr(), answer.len()) };
    if size > answer.len() {
        answer = vec![0u8; size];
        size = unsafe { call(request.as_ptr(), 0, answer.as_mut_ptr(), answer.len()) };
    }
    answer.truncate(size);
    let length = u32::from_le_bytes([answer[0], answer[1], answer[2], answer[3]]) as usize;
    let bytes = answer.split_off(4 + length);
    (answer.split_off(4), bytes)
}
