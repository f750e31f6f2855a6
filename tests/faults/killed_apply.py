"""Applies over and over, each time killed a step later; run by test_apply_killed.

One line of JSON for each: what stood there after the kill, and after the same command again.
Every SQL statement, every commit and both sides of every request to the gateway are a step.
"""

import gc
import json
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tests.live.settings_app import SECRET
from tests.live.test_application import World

STRIDE = int(sys.argv[2])


class Countdown:
    """Ends the process at its n-th step, as a power cut would."""

    def __init__(self, steps):
        self.left = steps

    def step(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def apply(folder, countdown, *, own_state):
    world = World(folder, own_state=own_state)
    world.gateway.before = world.gateway.after = countdown.step
    event.listen(Engine, "before_cursor_execute", countdown.step)
    event.listen(Engine, "commit", countdown.step)
    world.apply()


def in_a_child(work):
    """Whether the child came to its end by itself."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def look(folder, *, own_state):
    world = World(folder, own_state=own_state)
    bases = world.state.bases()
    settings = {str(one) for one in world.backend.read().live}
    with world.database.reading("looking") as connection:
        value = "SELECT config_value FROM config WHERE config_key = 'smtp_pass'"
        secret = connection.execute(text(value)).scalar() if settings else None
    return {
        "settings": len(settings),
        "settled_settings": sum(one.kind == "config" for one in bases),
        "gateway": sorted(world.gateway.objects()),
        "settled": sorted(str(one) for one in bases if one.kind != "config"),
        "secret": secret in (None, SECRET),
        "history": [one.status for one in world.state.history()],
        "changes": len(world.plan()[1].changes),
    }


def main():
    gc.freeze()
    steps = 1
    for own_state in (False, True):
        steps = 1
        while True:
            folder = Path(sys.argv[1]) / f"{own_state}-{steps}"
            folder.mkdir()
            ended = in_a_child(
                lambda: apply(folder, Countdown(steps), own_state=own_state)  # noqa: B023
            )
            killed = look(folder, own_state=own_state)
            again = in_a_child(lambda: apply(folder, Countdown(0), own_state=own_state))  # noqa: B023
            after = look(folder, own_state=own_state)
            line = {"own_state": own_state, "step": steps, "ended": ended, "again": again}
            sys.stdout.write(json.dumps(line | {"killed": killed, "after": after}) + "\n")
            sys.stdout.flush()
            if ended is not None:
                break
            steps += STRIDE


main()
