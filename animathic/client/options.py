"""Options of an animation, written as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import grpc

from animathic.client.errors import AnimathicError, FieldViolation
from animathic.v1 import animation_pb2

__all__ = [
    "ASPECTS",
    "PRIORITIES",
    "QUALITIES",
    "animation_options",
    "model_name",
    "parse_aspect",
    "parse_priority",
    "parse_quality",
]

QUALITIES: dict[str, animation_pb2.QualityPreset.ValueType] = {
    "480p15": animation_pb2.QUALITY_PRESET_480P15,
    "720p30": animation_pb2.QUALITY_PRESET_720P30,
    "1080p60": animation_pb2.QUALITY_PRESET_1080P60,
}
ASPECTS: dict[str, animation_pb2.AspectRatio.ValueType] = {
    "16:9": animation_pb2.ASPECT_RATIO_16_9,
    "9:16": animation_pb2.ASPECT_RATIO_9_16,
    "1:1": animation_pb2.ASPECT_RATIO_1_1,
    "4:3": animation_pb2.ASPECT_RATIO_4_3,
}
PRIORITIES: dict[str, animation_pb2.Priority.ValueType] = {
    "low": animation_pb2.PRIORITY_LOW,
    "normal": animation_pb2.PRIORITY_NORMAL,
    "high": animation_pb2.PRIORITY_HIGH,
}


_Value = TypeVar("_Value")


class _Field(Enum):
    QUALITY = "options.quality_preset"
    ASPECT = "options.aspect_ratio"
    PRIORITY = "options.priority"


def parse_quality(word: str) -> animation_pb2.QualityPreset.ValueType:
    """The preset for `480p15`, `720p30` or `1080p60`.

    Raises:
        AnimathicError: INVALID_ARGUMENT for any other word.
    """
    return _parse(_Field.QUALITY, word, QUALITIES)


def parse_aspect(word: str) -> animation_pb2.AspectRatio.ValueType:
    """The shape for `16:9`, `9:16`, `1:1` or `4:3`.

    Raises:
        AnimathicError: INVALID_ARGUMENT for any other word.
    """
    return _parse(_Field.ASPECT, word, ASPECTS)


def parse_priority(word: str) -> animation_pb2.Priority.ValueType:
    """The priority for `low`, `normal` or `high`.

    Raises:
        AnimathicError: INVALID_ARGUMENT for any other word.
    """
    return _parse(_Field.PRIORITY, word, PRIORITIES)


def model_name(word: str) -> str:
    """The resource name of a model that may be given without its `models/`."""
    return word if not word or word.startswith("models/") else f"models/{word}"


def animation_options(
    *, quality: str = "", aspect: str = "", model: str = "", strict: bool = False, priority: str = ""
) -> animation_pb2.AnimationOptions:
    """Options from words; an empty word leaves the choice to the mesh.

    Args:
        quality: `480p15`, `720p30` or `1080p60`.
        aspect: `16:9`, `9:16`, `1:1` or `4:3`.
        model: The model to prefer, with or without `models/`.
        strict: Never ask another model.
        priority: `low`, `normal` or `high`.

    Raises:
        AnimathicError: INVALID_ARGUMENT for an unknown word.
    """
    options = animation_pb2.AnimationOptions(model=model_name(model), strict=strict)
    if quality:
        options.quality_preset = parse_quality(quality)
    if aspect:
        options.aspect_ratio = parse_aspect(aspect)
    if priority:
        options.priority = parse_priority(priority)
    return options


def _parse(field: _Field, word: str, known: Mapping[str, _Value]) -> _Value:
    if word in known:
        return known[word]
    advice = f"{word!r} is not known: use one of {', '.join(known)}"
    raise AnimathicError(
        grpc.StatusCode.INVALID_ARGUMENT,
        "FIELD_INVALID",
        advice,
        violations=[FieldViolation(f"animation.{field.value}", advice)],
    )
