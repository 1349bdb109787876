"""One module for each command of `towerline`; each imports what is heavy only when it is executed."""
