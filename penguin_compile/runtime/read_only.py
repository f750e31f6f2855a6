"""JSON values that all threads of an app share, and that none of them can change."""

from __future__ import annotations

from typing import Any, NoReturn


class ReadOnlyDict(dict[str, Any]):
    """A mapping as any other to read, to compare and to write as JSON; `dict(it)` is a copy."""

    __slots__ = ()

    def _refuse(self, *_arguments: Any, **_named: Any) -> NoReturn:
        raise TypeError("the value of a setting is shared: change a copy of it, dict(value)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (list(self.items()),)


class ReadOnlyList(list[Any]):
    """A list as any other to read, to compare and to write as JSON; `list(it)` is a copy."""

    __slots__ = ()

    def _refuse(self, *_arguments: Any, **_named: Any) -> NoReturn:
        raise TypeError("the value of a setting is shared: change a copy of it, list(value)")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = _refuse
    pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


def read_only(value: Any) -> Any:
    """The value itself, its lists and mappings in a form that can't be changed."""
    if isinstance(value, dict):
        return ReadOnlyDict({name: read_only(item) for name, item in value.items()})
    if isinstance(value, list):
        return ReadOnlyList(read_only(item) for item in value)
    return value
