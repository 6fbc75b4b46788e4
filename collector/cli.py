"""The command line: `oxygrid …`. Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 130 interrupted.

Commands are thin and live in `collector.commands`, one file per group; what they need is imported when they run, so that the shell's
completion and `--version` are quick.
"""

from __future__ import annotations

import sys

from collector.errors import OxygridError, UserError
from collector.version import VERSION

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


def main(argv: list[str] | None = None) -> int:
    """Run a command; every error that a person can mend is one sentence on stderr, without a traceback."""
    args = sys.argv[1:] if argv is None else argv
    if args == ["--version"]:
        sys.stdout.write(f"oxygrid {VERSION}\n")
        return 0
    from collector.commands.root import build

    try:
        build()(args, prog_name="oxygrid")
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OxygridError as exc:
        sys.stderr.write(f"oxygrid: {exc}\n")
        return WRONG_USE if isinstance(exc, UserError) else FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
