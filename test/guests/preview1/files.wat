;; Opens a path below its last preopened folder, which is where relative paths start, and copies the file to stdout; the errno is the exit status.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start") (local $path i32) (local $length i32) (local $folder i32)
    (local.set $folder (i32.const 3))
    (loop $next
      (if (i32.eqz (call $prestat (local.get $folder) (i32.const 0))) (then
        (local.set $folder (i32.add (local.get $folder) (i32.const 1)))
        (br $next))))
    (local.set $folder (i32.sub (local.get $folder) (i32.const 1)))
    ;; argv[1] is the path; argv[2] begins with what to write, if anything.
    (call $must (call $sizes (i32.const 0) (i32.const 4)))
    (call $must (call $args (i32.const 16) (i32.const 1024)))
    (local.set $path (i32.load (i32.const 20)))
    (local.set $length
      (i32.sub
        (select (i32.load (i32.const 24)) (i32.add (i32.const 1024) (i32.load (i32.const 4)))
          (i32.gt_u (i32.load (i32.const 0)) (i32.const 2)))
        (i32.add (local.get $path) (i32.const 1))))
    (if (i32.gt_u (i32.load (i32.const 0)) (i32.const 2))
      (then
        (call $must (call $open (local.get $folder) (i32.const 1) (local.get $path) (local.get $length)
          (i32.const 9) (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 8)))
        (i32.store (i32.const 0) (i32.load (i32.const 24)))
        (i32.store (i32.const 4)
          (i32.sub (i32.add (i32.const 1023) (i32.load (i32.const 4))) (i32.load (i32.const 24))))
        (call $must (call $write (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 12))))
      (else
        (call $must (call $open (local.get $folder) (i32.const 1) (local.get $path) (local.get $length)
          (i32.const 0) (i64.const 0x2) (i64.const 0) (i32.const 0) (i32.const 8)))
        (loop $again
          (i32.store (i32.const 0) (i32.const 4096))
          (i32.store (i32.const 4) (i32.const 4096))
          (call $must (call $read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 12)))
          (if (i32.load (i32.const 12)) (then
            (i32.store (i32.const 4) (i32.load (i32.const 12)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
            (br $again))))))))
