import os
import subprocess
import sys
import threading

import pytest

from engine.system import process

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")


@linux_only
def test_freed_memory_stays_in_the_process():
    # In a process of its own, because the C library cannot be told to forget.
    program = """
import resource, sys
from engine.system.process import keep_memory
kept = keep_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def fill():
    before = faults()
    bytearray(64 << 20)
    return faults() - before
first, second = fill(), fill()
print(kept, second < first / 10)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    kept, fewer_pages = done.stdout.split()
    assert fewer_pages == kept


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(process.sys, "platform", "win32")
    monkeypatch.setattr(process.ctypes, "CDLL", lambda name: pytest.fail("there is no such library"))
    assert process.keep_memory() is False
    assert process.lower_priority() is None


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(process.sys, "platform", "linux")
    monkeypatch.setattr(process.ctypes, "CDLL", lambda name: object())
    assert process.keep_memory() is False


@linux_only
def test_only_the_calling_thread_gets_a_lower_priority():
    before, inside = os.getpriority(os.PRIO_PROCESS, 0), []

    def work():
        process.lower_priority()
        inside.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [min(19, before + process.NICER)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


@linux_only
def test_a_second_study_in_one_thread_is_no_slower_than_the_first():
    before, inside = os.getpriority(os.PRIO_PROCESS, os.getpid()), []

    def work():
        for _ in range(2):
            process.lower_priority(by=2)
            inside.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [min(19, before + 2)] * 2


@linux_only
def test_the_main_thread_keeps_its_priority():
    # In a process of its own, because a priority that was lowered cannot be raised again.
    program = """
import os
from engine.system.process import lower_priority
before = os.getpriority(os.PRIO_PROCESS, 0)
lower_priority()
print(os.getpriority(os.PRIO_PROCESS, 0) - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]
