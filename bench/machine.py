"""The machine under the figures: which cores, how fast, and what each process takes of them. Linux only (/proc)."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from pathlib import Path

CORES = 2
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
TURNS = 2_000_000


def pin() -> list[int]:
    """Bind this process, and so every process it starts, to the same two cores."""
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return cores


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, all threads, user and system; a process that has ended but was not waited for still tells it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_mib(pid: int | str = "self", what: str = "VmRSS") -> float:
    """`VmRSS` is what it holds now, `VmHWM` the most it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/status has no {what}")


def busy_s() -> float:
    """CPU time that all processes of the machine took so far."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4])
    return (user + nice + system) * TICK_S


def calibrate(rounds: int = 5) -> list[float]:
    """CPU ns per turn of a fixed loop in pure Python: tells how figures of two machines compare."""
    return [turn_ns(TURNS) for _ in range(rounds)]


def turn_ns(turns: int) -> float:
    start, total, table = time.process_time(), 0, {}
    for n in range(turns):
        table[n & 1023] = total
        total += n ^ 5
    return (time.process_time() - start) / turns * 1e9


def describe() -> str:
    """One line: processor, cores, memory, kernel, Python."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory_kib = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory_kib / 2**20:.0f} GiB,"
        f" Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def settle(limit_s: float = 20.0, share: float = 0.15) -> None:
    """Wait until the machine has little else to do (a database still merging what it got in the round before); not for ever."""
    deadline = time.monotonic() + limit_s
    gc.collect()
    while time.monotonic() < deadline:
        before, start = busy_s(), time.monotonic()
        time.sleep(0.4)
        if (busy_s() - before) / (time.monotonic() - start) / CORES < share:
            return


def median(values: list[float]) -> float:
    return statistics.median(values)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
