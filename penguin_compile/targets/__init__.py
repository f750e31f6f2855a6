"""The outputs of compile, one file each. A new target is a file and a row, or an entry point."""

from penguin_compile.core.registry import Registry
from penguin_compile.targets.target import Target

_PACKAGE = "penguin_compile.targets"

TARGETS: Registry[Target] = Registry(
    "target",
    {
        "marchproxy": f"{_PACKAGE}.marchproxy:TARGET",
        "sql": f"{_PACKAGE}.sql:TARGET",
        "env": f"{_PACKAGE}.env:TARGET",
        "compose": f"{_PACKAGE}.compose:TARGET",
        "license": f"{_PACKAGE}.license:TARGET",
        "telemetry": f"{_PACKAGE}.telemetry:TARGET",
        "runtime": f"{_PACKAGE}.runtime:TARGET",
        "docs": f"{_PACKAGE}.docs:TARGET",
        "pydal": f"{_PACKAGE}.pydal:TARGET",
        "kubernetes": f"{_PACKAGE}.kubernetes:TARGET",
        "python": f"{_PACKAGE}.python:TARGET",
        "typescript": f"{_PACKAGE}.typescript:TARGET",
    },
    group="penguin_compile.targets",
)
