"""`python -m collector` is `oxygrid`."""

import sys

from collector.cli import main

sys.exit(main())
