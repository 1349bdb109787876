"""What every node of ours is: channels, and one frozen settings object that stands beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.types import Artifact, BaseChannel, Channel, ComponentSpec
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from schema.settings import Settings

_PLAIN = (int, str)


class NodeSettings(Settings):
    """Parameters of a node; each field is an execution property, by which TFX's cache tells runs apart.

    Whole numbers and text are recorded as they are, all else as canonical JSON.
    """

    @classmethod
    def parameters(cls) -> dict[str, ExecutionParameter]:
        """Types of the execution properties."""
        return {
            name: ExecutionParameter(type=int if field.annotation is int else str)
            for name, field in cls.model_fields.items()
        }

    def to_properties(self) -> dict[str, int | str]:
        """Returns the execution properties."""
        plain = {name for name, field in type(self).model_fields.items() if field.annotation in _PLAIN}
        return {
            name: value if name in plain else json.dumps(value, sort_keys=True, ensure_ascii=False)
            for name, value in self.model_dump(mode="json").items()
        }

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Restores what `to_properties` made; TFX's own properties beside it are left alone."""
        return cls.model_validate(
            {
                name: properties[name] if field.annotation in _PLAIN else json.loads(properties[name])
                for name, field in cls.model_fields.items()
                if name in properties
            }
        )


class _Declared:
    """Makes the specification of a node from its class attributes.

    Attributes:
        SETTINGS: Class of its settings.
        INPUTS: Name -> type of artifact.
        OUTPUTS: Name -> type of artifact.
        OPTIONAL: Inputs that may be left out.
    """

    SETTINGS: ClassVar[type[NodeSettings]]
    INPUTS: ClassVar[Mapping[str, type[Artifact]]]
    OUTPUTS: ClassVar[Mapping[str, type[Artifact]]]
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "SETTINGS" not in vars(cls):
            return
        content = {
            "__module__": cls.__module__,
            "__doc__": f"Inputs, outputs and parameters of {cls.__name__}.",
            "PARAMETERS": cls.SETTINGS.parameters(),
            "INPUTS": {
                name: ChannelParameter(type=kind, optional=name in cls.OPTIONAL)
                for name, kind in cls.INPUTS.items()
            },
            "OUTPUTS": {name: ChannelParameter(type=kind) for name, kind in cls.OUTPUTS.items()},
        }
        cls.SPEC_CLASS = type(f"{cls.__name__}Spec", (ComponentSpec,), content)  # type: ignore[attr-defined]

    def __init__(self, settings: NodeSettings, **inputs: BaseChannel | None) -> None:
        unknown = sorted(set(inputs) - set(self.INPUTS))
        if unknown:
            raise ValueError(
                f"{type(self).__name__} reads the channels {sorted(self.INPUTS)}. Received: {unknown}. "
                "Remedy: put what is no channel into its settings."
            )
        outputs = {name: Channel(type=kind) for name, kind in self.OUTPUTS.items()}
        spec = self.SPEC_CLASS(**inputs, **outputs, **settings.to_properties())  # type: ignore[attr-defined]
        super().__init__(spec)  # type: ignore[call-arg]


class Node(_Declared, BaseComponent):
    """A node whose executor needs no Beam."""


class BeamNode(_Declared, BaseBeamComponent):
    """A node whose executor runs a Beam pipeline."""
