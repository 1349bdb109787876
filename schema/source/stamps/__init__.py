"""Points in time in every form that databases hold."""
