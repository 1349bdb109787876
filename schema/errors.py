"""The one exception that means "the user can mend this"."""


class UserError(Exception):
    """A mistake in the input, the configuration or the command line.

    The command line prints the message as one line on stderr and exits with code 2. Write it as:
    what is wrong, `Received: name=value` where that helps, and the remedy.
    """


class PipelineRefusedError(Exception):
    """The pipeline ran and refused: the data is not valid or the model is not blessed (exit code 1)."""
