"""The one exception that means "the user can fix this"."""


class UserError(Exception):
    """A mistake in the input, the configuration or the command line.

    The command line prints the message as one line on stderr and exits with code 2. Write it as:
    what is wrong, `Received: name=value` where that helps, and the remedy.
    """


class ConfigurationError(UserError):
    """A key of the configuration is unknown or its value wrong; the command line adds the file's line.

    Args:
        key: Dotted.
        message: What is wrong, and the remedy.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class PipelineRefusedError(Exception):
    """The pipeline ran and refused: the data is not valid or the model is not blessed (exit code 1)."""
