"""A gateway whose services and mappings are a JSON file: real, lasting, and able to fail."""

import json

from penguin_compile.core.canonical import digest
from penguin_compile.live.backend import Reading
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action
from penguin_compile.model.record import Live


class GatewayInAFile:
    """`before` and `after` are called around each write; what they raise, a request raises."""

    def __init__(self, path, *, before=None, after=None):
        self.path = path
        self.before = before or (lambda _: None)
        self.after = after or (lambda _: None)
        self.writes = []

    def objects(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def read(self):
        live = {Address.parse(name): fields for name, fields in self.objects().items()}
        return Reading(live={one: self._live(one, fields) for one, fields in live.items()})

    def write(self, change):
        self.before(change)
        objects, name = self.objects(), str(change.address)
        assert (name in objects) is (change.action is not Action.CREATE), "a blind repetition"
        if change.action is Action.DELETE:
            del objects[name]
        else:
            objects[name] = objects.get(name, {}) | dict(change.writes)
        self.path.write_text(json.dumps(objects))
        self.writes.append(name)
        self.after(change)
        fields = objects.get(name)
        return None if fields is None else self._live(change.address, fields)

    def must_confirm(self, kind):
        """What it returns is what is in the file: nothing has to be read back."""
        del kind
        return False

    def confirm(self, changes):
        assert not changes
        return {}

    @staticmethod
    def _live(address, fields):
        return Live(address=address, fields=fields, digest=digest(fields))
