;; Ends with status 3 from inside a nested call; what comes after must not run.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $deep (call $exit (i32.const 3)) (unreachable))
  (func (export "_start") (call $deep) (unreachable)))
