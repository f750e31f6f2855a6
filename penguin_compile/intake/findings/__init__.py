"""What today's files contradict, one finding to a file. A new one is a file and a row."""

from penguin_compile.core.registry import Registry
from penguin_compile.intake.findings.finding import Finding
from penguin_compile.rules.intake_codes import FINDING_FILES

FINDINGS: Registry[Finding] = Registry("finding", FINDING_FILES)
