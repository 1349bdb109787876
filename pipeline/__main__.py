"""`python -m pipeline` is the command `towerline`."""

import sys

from pipeline.cli import main

sys.exit(main())
