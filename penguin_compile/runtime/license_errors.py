"""What can go wrong with a license, as exceptions that an app can handle."""

from __future__ import annotations


class LicenseError(Exception):
    """Anything of the license client."""


class LicenseInvalid(LicenseError):
    """There is no license, or the server doesn't take it."""


class LicenseServerDown(LicenseError):
    """The server can't be reached, or what it answers is no answer."""


class LicenseNotOpened(LicenseError):
    """A feature was asked for before `open_license`."""


class UnknownFeature(LicenseError):
    """A feature that the spec doesn't declare; raised in development alone."""


class FeatureNotEntitled(LicenseError):
    """The license has no such feature; the three frameworks answer 403 with `body`."""

    def __init__(self, feature: str) -> None:
        # Not `super()`: that may be a framework's exception, which takes other things.
        Exception.__init__(self, f'the license does not include the feature "{feature}"')
        self.feature = feature

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON. Source: integration-standards, "Feature Not Entitled"."""
        return {"error": str(self.args[0]), "feature": self.feature}
