;; Code in the start section: it may spin, exit or trap before anything is called.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $first (call $exit (i32.const 5)))
  (start $first)
  (func (export "_start") (unreachable)))
