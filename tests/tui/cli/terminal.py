"""A program in a pseudo-terminal, and what stands on its screen."""

import time

import pexpect
import pyte

STARTS = 60
"""Seconds that a first screen may take on a busy machine; usually one."""


class Terminal:
    """A program in a pseudo-terminal, and what stands on its screen."""

    def __init__(self, command, environment, columns, lines):
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        variables = {name: value for name, value in environment.items() if not name.startswith("SSH_")}
        variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.child = pexpect.spawn(command[0], command[1:], env=variables, dimensions=(lines, columns))

    @property
    def text(self):
        return "\n".join(self._screen.display)

    def wait_for(self, *words, seconds=STARTS):
        """Read until all of the words stand on the screen."""
        deadline = time.monotonic() + seconds
        while not all(word in self.text for word in words):
            open_still = self._read()
            if time.monotonic() > deadline or not open_still:
                break
        assert all(word in self.text for word in words), f"{words} never came; the screen:\n{self.text}"

    def press(self, keys):
        self.child.send(keys)

    def ended(self, seconds=STARTS):
        """Read to the end; returns the exit status."""
        deadline = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < deadline, f"it did not end; the screen:\n{self.text}"
        self.child.wait()
        return self.child.exitstatus

    def _read(self):
        try:
            self._stream.feed(self.child.read_nonblocking(65536, timeout=1))
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True
