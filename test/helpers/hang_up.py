"""Closes the terminal of a command that ignores SIGHUP: hang_up.py READY COMMAND...

Waits until READY is among what the command prints, closes the terminal, prints "gone", and then the status of the
command as a shell has it.
"""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios

terminal, side = pty.openpty()


def lead():
    os.setsid()
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


child = subprocess.Popen(
    ["bash", "-c", "trap '' HUP; \"$@\"; exit $?", "bash", *sys.argv[2:]],
    stdin=side,
    stdout=side,
    stderr=side,
    preexec_fn=lead,
)
os.close(side)
seen = b""
while sys.argv[1].encode() not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
print("gone", flush=True)
print(child.wait(), flush=True)
