"""Gates by license features: for plain functions, and for views of Flask, Quart and FastAPI.

A denial is one exception everywhere. Where werkzeug (Flask, Quart) or Starlette (FastAPI) is
loaded, it is an HTTP exception of theirs, too, so that each answers 403 by itself.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from penguin_compile.runtime.license_errors import FeatureNotEntitled
from penguin_compile.runtime.license_opening import current_license

if TYPE_CHECKING:
    from penguin_compile.runtime.license import LicenseClient

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_STATUS = 403


def requires_feature(
    feature: str, license_: LicenseClient | None = None
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a function run only where the license has the feature; FeatureNotEntitled otherwise.

    Without `license_`, the one that `open_license` opened is asked, at each call.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wait(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
                check_feature(feature, license_)
                return await function(*args, **kwargs)

            return wait  # type: ignore[return-value]  # a coroutine function, as it was

        @functools.wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            check_feature(feature, license_)
            return function(*args, **kwargs)

        return call

    return decorate


def check_feature(feature: str, license_: LicenseClient | None = None) -> None:
    """FeatureNotEntitled where the license doesn't have the feature."""
    if not (license_ or current_license()).has_feature(feature):
        raise deny(feature)


def deny(feature: str) -> FeatureNotEntitled:
    """The denial, as an exception that the frameworks in use know."""
    return _denial_class("werkzeug" in sys.modules, "starlette" in sys.modules)(feature)


def answer_denials(app: Any) -> None:
    """Make a FastAPI or Starlette app answer denials with the standard's body alone.

    Without it the body stands in `detail`, as in all of FastAPI's errors.
    """
    from starlette.responses import JSONResponse

    def answer(_: object, denial: FeatureNotEntitled) -> JSONResponse:
        return JSONResponse(denial.body, status_code=_STATUS)

    app.add_exception_handler(FeatureNotEntitled, answer)


@functools.cache
def _denial_class(werkzeug: bool, starlette: bool) -> type[FeatureNotEntitled]:  # noqa: FBT001
    bases: list[type] = [FeatureNotEntitled]
    fields: dict[str, Any] = {"__module__": FeatureNotEntitled.__module__}
    if werkzeug:
        from werkzeug.exceptions import HTTPException

        bases.append(HTTPException)
        fields |= {"code": _STATUS, "description": "", "get_response": _respond}
    if starlette:
        from starlette.exceptions import HTTPException as StarletteException

        bases.append(StarletteException)
        fields |= {"status_code": _STATUS, "headers": None, "detail": FeatureNotEntitled.body}
    if len(bases) == 1:
        return FeatureNotEntitled
    fields["__init__"] = FeatureNotEntitled.__init__
    fields["__str__"] = Exception.__str__
    return type("FeatureNotEntitled", tuple(bases), fields)


def _respond(denial: FeatureNotEntitled, *_: object, **__: object) -> Any:
    """What Flask and Quart send."""
    from werkzeug.wrappers import Response

    return Response(json.dumps(denial.body), status=_STATUS, mimetype="application/json")
