"""The commands: name → module and one line of help, so that `--help` imports none of them."""

COMMANDS = {
    "init": ("penguin_compile.cli.init", "Write a first spec, empty or from an app as it is."),
    "validate": ("penguin_compile.cli.validate", "Check specs and tell every finding at once."),
    "explain": ("penguin_compile.cli.explain", "Tell what a code or a field means."),
    "fmt": ("penguin_compile.cli.fmt", "Lay specs out the canonical way."),
    "compile": ("penguin_compile.cli.compile", "Write generated/ from specs."),
    "diff": ("penguin_compile.cli.diff", "Show what a change of the spec changes."),
    "plan": ("penguin_compile.cli.plan", "Show what apply would change, and why."),
    "apply": ("penguin_compile.cli.apply", "Bring the live systems in line with a spec."),
    "drift": ("penguin_compile.cli.drift", "Tell what was edited live, by whom and when."),
    "why": ("penguin_compile.cli.why", "Tell all about one address: its values and its story."),
    "promote": ("penguin_compile.cli.promote", "Write live values into the spec."),
    "rollback": ("penguin_compile.cli.rollback", "Plan back to an earlier revision, and apply."),
    "doctor": ("penguin_compile.cli.doctor", "Check what plan and apply need, and how to mend it."),
    "rotate-keys": (
        "penguin_compile.cli.rotate_keys",
        "Encrypt stored secrets anew with the first key.",
    ),
    "history": ("penguin_compile.cli.history", "List what was applied, when and by whom."),
    "show": ("penguin_compile.cli.show", "Show a saved plan, or what a revision did."),
    "comment": ("penguin_compile.cli.comment", "Show a saved plan on its pull request on GitHub."),
    "unlock": ("penguin_compile.cli.unlock", "Free the lock of a run that is dead."),
    "graph": ("penguin_compile.cli.graph", "Draw services, routes and features."),
    "fleet": ("penguin_compile.cli.fleet", "Do it for many specs at once, and compare them."),
    "schema": ("penguin_compile.cli.schema", "Print the JSON Schema of the language."),
    "serve": ("penguin_compile.cli.serve", "Serve the admin API and the settings page."),
    "completion": (
        "penguin_compile.cli.completion",
        "Print the script that completes it in a shell.",
    ),
    "sandbox": ("penguin_compile.cli.sandbox", "Serve a local MarchProxy-compatible API."),
}
