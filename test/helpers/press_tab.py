"""Types command lines into a real shell on a terminal and presses Tab: press_tab.py SHELL SCRIPT LINES.

LINES is JSON, a list of texts in which a tab character is the key; Enter follows each. In the shell `mqttx` is a
function that prints its words and passes on what the completions ask for. Prints JSON: the words of each line, or null
where none came.
"""

import json
import os
import pty
import re
import select
import sys
import time

shell, script, lines = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

start = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}[shell]
posix = r"""mqttx() { if [ "$1" = completion ]; then command mqttx "$@"; else printf '«%s»' "$@"; echo; echo EN""D; fi; }
"""
prepare = {
    "bash": f"bind 'set enable-bracketed-paste off'; bind 'set page-completions off'; {posix}source '{script}'\n",
    "zsh": f"unset zle_bracketed_paste; zmodload zsh/complist; autoload -U compinit; compinit -u -D; {posix}source '{script}'\n",
    "fish": "function mqttx; if test \"$argv[1]\" = completion; command mqttx $argv; else; "
    f"printf '«%s»' $argv; echo; echo EN''D; end; end\nsource '{script}'\n",
}[shell]

environment = {**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8", "COLUMNS": "300", "LINES": "100"}
pid, terminal = pty.fork()
if pid == 0:
    os.execvpe(start[0], start, environment)

output = b""
deadline = time.time() + 560


def until(wanted, seconds):
    """Reads until the text has come; returns what stands before it."""
    global output
    end = min(deadline, time.time() + seconds)
    while wanted not in output and time.time() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                output += os.read(terminal, 65536)
            except OSError:
                break
    if wanted not in output:
        return None
    before, output = output.split(wanted, 1)
    return before.decode("utf-8", "replace")


def send(text):
    os.write(terminal, text.encode())


send(prepare)
send("echo REA''DY\n")
assert until(b"READY\r\n", 20) is not None, output

words = []
for line in lines:
    send(line)
    send("\n")
    shown = until(b"END\r\n", 60)  # a quote that was opened and not completed waits for its end
    if shown is None:
        send("\x03")
        words.append(None)
        continue
    printed = [row for row in shown.replace("\r", "").split("\n") if re.match(r"^«.*»$", row)]
    words.append(re.findall(r"«([^»]*)»", printed[-1]) if printed else None)
print(json.dumps(words))
os.kill(pid, 9)
