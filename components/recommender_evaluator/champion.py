"""The champion: the newest pushed model, if it can be compared fairly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from components.evaluation.served import ServedModel, read_metadata
from schema.features import FeatureSet
from schema.served.versions import champion_directory, newest_version


@dataclass(frozen=True)
class Champion:
    """What was found in the push directory.

    Attributes:
        version: Newest version, None if nothing was ever pushed.
        model: The model, None if it cannot be compared.
        skipped: Why it cannot.
    """

    version: int | None
    model: ServedModel | None = None
    skipped: str | None = None

    def as_dict(self) -> dict[str, int | str | None]:
        """For JSON."""
        return {"version": self.version, "skipped": self.skipped}


def find_champion(push_directory: str, features: FeatureSet, test_start: int) -> Champion:
    """Loads the newest pushed model.

    It is skipped, with the reason, if it was trained on events of the present test window, wants
    features that the data no longer have, or has another signature.
    """
    version = newest_version(Path(push_directory))
    if version is None:
        return Champion(None)
    directory = str(champion_directory(Path(push_directory), version))
    trained_until = read_metadata(directory).get("windows", {}).get("eval_start")
    if trained_until is None:
        return Champion(version, skipped="it does not say until when it was trained")
    if trained_until > test_start:
        return Champion(version, skipped="it was trained on events of the present test window")
    try:
        model = ServedModel(directory)
    except (OSError, ValueError) as error:
        return Champion(version, skipped=f"it cannot be loaded: {error}")
    if model.inputs() != model.expected_inputs():
        return Champion(version, skipped="its signature is another one")
    missing = sorted(set(model.features.user_columns()) - set(features.user_columns()))
    if missing:
        return Champion(version, skipped=f"it wants features that the data lack: {', '.join(missing)}")
    return Champion(version, model)
