"""The runs of a fork server: which process each has, what it is sent, when it has come to its end, and what is left of it.

This knows requests and verdicts; the code of none of them runs here. zygote.py talks to the other side.
"""

import itertools
import os
import selectors
import signal
import socket
import time

from checkpoint import Checkpoints
from linux import LIBC
from running_child import Process, RunningChild, frame
from scratch import is_wanted
from witness import AT_REST

FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.02  # seconds between looks at a child that has not come to rest
FILES_PAUSE = 0.05  # seconds between looks at the folder of a child, where nothing else limits it

selector = selectors.DefaultSelector()
runs = set()
processes, unborn = {}, set()  # by id; those that are not known to be there yet
checkpoints = Checkpoints(0)
isolation, template, witness = None, None, None  # set by zygote.py
forking = {}  # id of a process that may fork once -> its Waiting
has_spare, spare = False, None  # a child made while another one runs, for the next run
strays_due = False
answers = []  # that leave once the spare is there, so that nothing is under way when nothing is asked


def prepare_spare():
    global has_spare, spare
    has_spare, spare = True, make_process()


def take_answers():
    """Those that may leave now."""
    if strays_due:
        kill_strays()
    if spare in unborn:
        return []
    leaving = list(answers)
    answers.clear()
    return leaving


def start(request, may_keep=True):
    if is_wanted(request.get('steps', ())):
        start_fresh(request, may_keep=False)  # a process that waits has no folder to give
        return
    waiting, done = checkpoints.longest(request.get('keys', ()))
    if waiting is None:
        start_fresh(request, may_keep)
    elif waiting.process is None or waiting.copy is not None:
        waiting.queue.append(request)
    else:
        continue_waiting(waiting, done, request, may_keep)


def start_fresh(request, may_keep):
    global spare
    run, keys = RunningChild(request), request.get('keys')
    if keys and may_keep and checkpoints.is_worth(keys[-1]):
        run.making = checkpoints.promise(keys[-1])
    # One that was made ahead has no folder for files.
    process = make_process(has_files=True) if run.has_files else spare or make_process()
    assign(run, process)
    send_to(process, run.opening())  # it is there when the child is
    if has_spare and not run.has_files:
        spare = make_process()


def make_process(has_files=False):
    used = {process.slot for process in (*processes.values(), *unborn)}
    process = Process(next(slot for slot in itertools.count() if slot not in used))
    process.pid = template.fork(process.slot, process.output_end, process.channel_end.fileno(), has_files)
    attend(process)
    return process


def assign(run, process):
    run.process, process.run = process, run
    run.cpu_look_at = time.monotonic() + max(0, run.cpu_ms - run.cpu_before) / 1000
    runs.add(run)


def attend(process):
    """Listens to a process that is about to be there."""
    process.close_ends()
    (unborn.add(process) if process.pid is None else processes.__setitem__(process.pid, process))
    selector.register(process.channel, selectors.EVENT_READ, process)
    selector.register(process.output, selectors.EVENT_READ, process)


def send_to(process, data):
    process.send(data)
    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if process.unsent else 0)
    selector.modify(process.channel, events, process)


def continue_waiting(waiting, done, request, may_keep):
    """Runs the steps after those that a process waits with in a copy of it."""
    run, keys = RunningChild(request), request['keys']
    run.next = done
    run.cpu_before = waiting.cpu_ms
    run.kept = 'found' if done == len(keys) else None
    if may_keep and done < len(keys) and checkpoints.is_worth(keys[-1]):
        run.making = checkpoints.promise(keys[-1])
    copy_for(run, waiting)


def copy_for(run, waiting):
    process = Process(waiting.process.slot)
    assign(run, process)
    waiting.copy, waiting.process.run = process, None
    forking[waiting.process.pid] = waiting
    waiting.process.kill(signal.SIGCONT)
    while waiting.process.hear():
        pass  # what it has said since
    waiting.process.send(frame(b'F'))
    try:
        socket.send_fds(waiting.process.channel, [b'f'], [process.output_end, process.channel_end.fileno()])
    except OSError:
        waiting.process.kill()  # it has filled its socket, or ended: the run starts anew once that is known
    attend(process)


def hear(process):
    data, run = process.hear(), process.run
    if process.pid is not None and process in unborn:
        unborn.discard(process)
        processes[process.pid] = process
        if run is not None and run.killed:
            process.kill()
    if data is None:
        selector.unregister(process.channel)
        if process in unborn:
            lost(process)
    elif run is None:
        process.is_there |= b'contained\n' in data
    elif run.take_report(data):
        if not process.is_there and b'contained\n' in run.report:
            welcome(process)
        run.pause = FIRST_PAUSE
        see(run)


def welcome(process):
    """A process is there. A copy waits for its first steps, and leaves the one that it was made from free for others."""
    process.is_there = True
    waiting = next((waiting for waiting in checkpoints.waiting.values() if waiting.copy is process), None)
    if waiting is not None:
        waiting.copy = None
        waiting.process.kill(signal.SIGSTOP)
        send_to(process, process.run.opening(limits_too=False))
        restart(waiting.queue)


def restart(requests):
    """Those that queued for a process find it now, or another way."""
    waiting, requests[:] = list(requests), []
    for request in waiting:
        start(request)


def see(run):
    """Looks whether what runs has come to rest, and goes on from there."""
    process, run.look_at = run.process, None
    if run.done or run.killed or process.unsent or process.is_ended or not process.is_there:
        return
    if run.has_files and not isolation.scratch.is_in_memory:
        if isolation.scratch.is_full(process.pid):
            run.kill('files')
            return
        run.look_at = time.monotonic() + FILES_PAUSE
    if run.is_batch:
        if run.report.endswith(b']}\n'):
            end(run, 'batch')
        return
    if not run.says_ended():
        return
    place = where(process, run)
    if place is None:
        run.look_at, run.pause = time.monotonic() + run.pause, min(1.2 * run.pause, LONGEST_PAUSE)
    elif place != AT_REST:
        end(run, 'failed')
    elif run.report.count(b'ran\n') > run.completed:
        go_on(run)


def where(process, run):
    if witness is not None:
        for _ in range(3):  # it has written, and is about to read
            place = witness.sees(process)
            if place is not None:
                return place
            os.sched_yield()
        return None
    last = run.report[run.report.rfind(b'\n', 0, -1) + 1 :]
    return AT_REST if last == b'ran\n' else 0 if last.startswith(b'{"status"') else None


def go_on(run):
    run.completed += 1
    while take_output(run.process):
        pass
    if run.killed:
        return
    if run.is_last:
        end(run, 'ok')
        return
    run.forget_output()
    if run.making and run.next == len(run.steps) - 1 and keep(run):
        return
    send_to(run.process, run.next_steps())


def keep(run):
    """Has the process wait with what it has run, where that pays, and the rest run in a copy. Result: whether it does."""
    waiting, run.making = run.making, None
    process = run.process
    cpu_ms = process.cpu_ms() + run.cpu_before
    does, leaving = False, []
    try:
        if witness.threads(process) == 1:  # a copy has no others
            megabytes = witness.private_mb(process)
            does, leaving = checkpoints.settle(waiting, process, cpu_ms, megabytes, run.limits['memoryMb'])
    except OSError:
        pass  # it has ended
    for other in leaving:
        drop(other)
    if not does:
        restart(checkpoints.drop(waiting))
        return False
    run.cpu_added, run.cpu_before, run.kept = process.cpu_ms(), cpu_ms, 'made'
    copy_for(run, waiting)
    return True


def drop(waiting):
    """A process waits no more."""
    waiting.process.kill()
    restart(checkpoints.drop(waiting))


def end(run, how):
    """What runs has come to its end; its process goes with all that it holds."""
    run.done = how
    run.process.kill()


def take_output(process):
    """Reads once from the pipe of a process. Result: whether there may be more."""
    try:
        data = os.read(process.output, 1 << 16)
    except BlockingIOError:
        return False
    if not data:
        selector.unregister(process.output)
        os.close(process.output)
        process.output = None
        return False
    return process.run is not None and process.run.take_output(data)


def finish(process, status, usage):
    """A process has ended: what it had still said is taken, its verdict leaves."""
    process.is_ended = True
    run = process.run
    while data := process.hear():
        if run is None or not run.take_report(data):
            break
    process.is_there |= run is not None and b'contained\n' in run.report
    while process.output is not None and take_output(process):
        pass
    if run is not None and run.has_files:
        isolation.scratch.remove(process.pid)
    forget(process)
    for waiting in [waiting for waiting in checkpoints.waiting.values() if waiting.process is process]:
        forking.pop(process.pid, None)
        requests = checkpoints.drop(waiting)
        if waiting.copy in unborn:
            requests.append(waiting.copy.run.request)
            abandon(waiting.copy)
        for request in requests:
            start(request, may_keep=False)
    if run is not None:
        runs.discard(run)
        settle_making(run)
        answers.append(run.answer(status, usage))
    if isolation.level == 'rlimit':  # elsewhere none can be started
        kill_group(process.pid)
        kill_strays()


def settle_making(run):
    if run.making:
        requests, run.making = checkpoints.drop(run.making), None
        restart(requests)


def forget(process):
    global spare
    if process is spare:
        spare = None  # the next run makes another one
    unborn.discard(process)
    processes.pop(process.pid, None)
    for end in (process.channel, process.output):
        if end is not None and (end if type(end) is int else end.fileno()) in selector.get_map():
            selector.unregister(end)
    process.close()


def abandon(process):
    """Nothing will come of a process that was asked for."""
    runs.discard(process.run)
    settle_making(process.run)
    forget(process)


def lost(process):
    """A process was never there."""
    if process.run is None:
        forget(process)
    else:
        abandon(process)
        answers.append(process.run.infra())


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # the usual case: nothing is left in it


def kill_strays():
    """Kills what a step started and left behind: it is now a child of this process, the nearest subreaper."""
    global strays_due
    strays_due = bool(unborn)  # those have no id yet
    if strays_due or LIBC is None:
        return
    with open(f'/proc/self/task/{os.getpid()}/children') as children:
        strays = {int(pid) for pid in children.read().split()} - processes.keys() - {template.pid}
    for pid in strays:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself


def reap():
    global strays_due
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == template.pid:
            raise ChildProcessError('the process that children are forked from has ended')
        if pid not in processes:
            for process in list(unborn):
                hear(process)  # one of these, which has said so
        if pid in processes:
            finish(processes[pid], status, usage)
        else:
            strays_due = isolation.level == 'rlimit'  # a stray has ended; its own children are next


def may_fork(pid):
    return pid == template.pid or forking.pop(pid, None) is not None


def attend_to(process, end, events):
    if end is process.channel:
        if events & selectors.EVENT_WRITE:
            send_to(process, b'')
        if events & selectors.EVENT_READ:
            hear(process)
    elif process.output is not None and end == process.output:
        take_output(process)
