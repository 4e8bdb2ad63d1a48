"""Runs a command on a terminal of its own and answers it: on_a_terminal.py STEPS COMMAND...

STEPS is JSON: [[text to wait for, text to send or null for a signal, signal], ...]. Prints JSON: what the command
printed, its status (128 + the signal's number if that ended it), whether the terminal showed what is typed at each
step, and whether its settings are those of the start at the end.
"""

import json
import os
import pty
import select
import signal
import sys
import termios
import time

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

before = termios.tcgetattr(terminal)
output = b""
echo = []
deadline = time.time() + 50


def read(seconds):
    global output
    if not select.select([terminal], [], [], seconds)[0]:
        return True
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        return False
    output += chunk
    return chunk != b""


def shows_input():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


seen = 0
for wanted, answer, *more in steps:
    while wanted.encode() not in output[seen:] and time.time() < deadline:
        if not read(0.05):
            break
    seen = output.index(wanted.encode(), seen) + len(wanted)
    settled = time.time() + 1  # the question may come before the echo is off
    while shows_input() and time.time() < settled:
        time.sleep(0.01)
    echo.append(shows_input())
    if answer is not None:
        os.write(terminal, answer.encode())
    else:
        os.kill(pid, getattr(signal, more[0]))

ended, status = 0, 0
while ended == 0 and time.time() < deadline:
    read(0.05)
    ended, status = os.waitpid(pid, os.WNOHANG)
while select.select([terminal], [], [], 0)[0] and read(0):
    pass
code = os.waitstatus_to_exitcode(status) if ended else None
after = termios.tcgetattr(terminal)
print(
    json.dumps(
        {
            "output": output.decode("utf-8", "replace"),
            "status": code if code is None or code >= 0 else 128 - code,
            "echo": echo,
            "restored": before == after,
        }
    )
)
os.kill(pid, signal.SIGKILL) if not ended else None
