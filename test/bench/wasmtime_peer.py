"""Measures a module under wasmtime: a fresh store and instance a run. Prints its figures as JSON."""

import json
import resource
import sys
import threading
import time

from wasmtime import Engine, Linker, Module, Store


def drive(once, callers, seconds):
    times = []
    until = time.perf_counter() + seconds

    def call():
        while True:
            started = time.perf_counter()
            once()
            ended = time.perf_counter()
            times.append((ended - started) * 1000)
            if ended >= until:
                return

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def main():
    file, name, argument, seconds, callers = sys.argv[1:]
    engine = Engine()
    module = Module.from_file(engine, file)

    def once():
        store = Store(engine)
        instance = Linker(engine).instantiate(store, module)
        instance.exports(store)[name](store, int(argument))

    figures = []
    for count in map(int, callers.split(",")):
        drive(once, count, float(seconds) / 2)
        cpu = time.process_time()
        started = time.perf_counter()
        times = sorted(drive(once, count, float(seconds)))
        took = time.perf_counter() - started
        figures.append(
            {
                "callers": count,
                "perSecond": len(times) / took,
                "cpuMs": (time.process_time() - cpu) * 1000 / len(times),
                "p50Ms": times[len(times) // 2],
                "p95Ms": times[min(len(times) - 1, int(len(times) * 0.95))],
                "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    print(json.dumps(figures))


main()
