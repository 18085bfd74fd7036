"""A clock that is set for some processes and not for the machine: a small library in front of libc's adds what a file says.

Usage::

    clock = Clock(folder)
    subprocess.Popen(..., env={**os.environ, **clock.environ})
    clock.set(-86400)       # for these processes it is the day before, at once
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

COMPILER = shutil.which("cc")
#: Only the clock that people see: nobody sets the one that counts since the start. A wait until a time of that clock
#: ends when the machine's own says so, therefore it is told in the machine's.
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long *ahead;

__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("FAULTS_CLOCK"), O_RDONLY);
  ahead = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (ahead == MAP_FAILED) abort();
}
static long by(void) { return ahead ? *ahead : 0; }

int clock_gettime(clockid_t which, struct timespec *at) {
  int failed = syscall(SYS_clock_gettime, which, at);
  if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) at->tv_sec += by();
  return failed;
}
int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
  static int (*own)(sem_t *, const struct timespec *);
  struct timespec at = *until;
  if (!own) own = dlsym(RTLD_NEXT, "sem_timedwait");
  at.tv_sec -= by();
  return own(semaphore, &at);
}
"""


@dataclass
class Clock:
    """One clock in `folder`; it runs with the machine's until it is set."""

    folder: Path

    def __post_init__(self) -> None:
        assert COMPILER is not None
        self.folder.mkdir(parents=True)
        self.set(0)
        (self.folder / "clock.c").write_text(_SOURCE)
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", str(self._library), str(self.folder / "clock.c"), "-ldl"],
                       check=True)

    @property
    def _library(self) -> Path:
        return self.folder / "clock.so"

    @property
    def environ(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self.folder / "ahead")}

    def set(self, seconds: int) -> None:
        """So many seconds ahead of the machine's; behind it where they are negative."""
        file = self.folder / "ahead"
        if not file.exists():
            file.write_bytes(bytes(8))
        # In place: processes have it in their memory.
        with file.open("r+b") as held:
            held.write(struct.pack("l", seconds))
