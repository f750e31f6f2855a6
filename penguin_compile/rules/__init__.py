"""The rules, one file each. A new rule is a file and a row."""

from penguin_compile.core.registry import Registry
from penguin_compile.rules.rule import Rule

_PACKAGE = "penguin_compile.rules"
_FILES = (
    "pc105_gateway_service_without_port",
    "pc201_route_unknown_service",
    "pc202_route_twice",
    "pc203_depends_on_unknown_service",
    "pc204_unknown_tier",
    "pc205_unknown_feature",
    "pc206_limit_falls",
    "pc207_default_breaks_check",
    "pc208_variable_shared",
    "pc209_host_port_twice",
    "pc210_health_path",
    "pc211_gateway_name_twice",
    "pc212_undeclared_variable",
    "pc301_health_check_off",
    "pc302_open_api_route",
    "pc303_grpc_from_outside",
    "pc304_unknown_category",
    "pc305_setting_without_description",
    "pc306_empty_tier",
    "pc307_release_mode_off",
    "pc308_killkrill_off",
    "pc309_metric_name",
    "pc310_variable_given_twice",
    "pc311_ai_feature_too_low",
    "pc312_given_to_nobody",
    "pc313_unused_allowance",
    "pc401_sensitive_default",
    "pc402_secret_literal",
    "pc403_credential_literal",
    "pc404_marchproxy_container",
    "pc405_waddleai_published",
    "pc406_published_secret",
)

RULES: Registry[Rule] = Registry(
    "rule", {name[:5].upper(): f"{_PACKAGE}.{name}:RULE" for name in _FILES}
)
