"""The domain's error and its form on the wire."""

import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DOMAIN, Code, FieldViolation, MeshError, from_status, to_status

TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)
ERRORS = st.builds(
    MeshError,
    st.sampled_from([code for code in Code if code is not Code.OK]),
    st.sampled_from(["ANIMATION_NOT_FOUND", "INTERNAL", "A_REASON_OF_TOMORROW"]),
    TEXTS,
    violations=st.lists(st.builds(FieldViolation, TEXTS, TEXTS, st.just("STRING_PATTERN")), max_size=3),
    retry_after=st.none() | st.floats(0, 1e6),
    metadata=st.dictionaries(st.text(min_size=1, max_size=20), TEXTS, max_size=3),
    quota=st.lists(st.tuples(TEXTS, TEXTS), max_size=2),
)


@given(ERRORS)
def test_an_error_that_fits_survives_the_wire(error: MeshError) -> None:
    status = status_pb2.Status.FromString(to_status(error).SerializeToString())
    back = from_status(status)
    assert (back.code, back.reason, back.message) == (error.code, error.reason, error.message)
    assert back.metadata == error.metadata
    assert back.quota == error.quota
    if "violations_omitted" not in back.metadata:
        assert back.violations == error.violations
    if error.retry_after is None:
        assert back.retry_after is None
    else:
        assert back.retry_after == pytest.approx(error.retry_after, abs=1e-6)


@given(
    st.text(max_size=3000),
    st.lists(st.builds(FieldViolation, st.text(max_size=500), st.text(max_size=1000)), max_size=300),
)
def test_no_error_outgrows_the_trailers(message: str, violations: list[FieldViolation]) -> None:
    error = MeshError(
        Code.INVALID_ARGUMENT,
        "FIELD_INVALID",
        message,
        violations=violations,
        metadata={"k" * 500 + str(n): "m" * 500 for n in range(20)},
        quota=[("s" * 500, "d" * 500)] * 9,
    )
    status = to_status(error)
    # On the wire: base64 adds a third, and the message travels once more, each byte as up to three
    # characters. Many peers stop at 16 KiB.
    assert status.ByteSize() * 4 / 3 + len(status.message.encode()) * 3 < 14_000
    back = from_status(status)
    omitted = int(back.metadata.get("violations_omitted", 0))
    assert len(back.violations) + omitted == len(violations)


def test_hundreds_of_violations_are_counted_not_sent() -> None:
    violations = [FieldViolation(f"scene.items[{n}].text", "x" * 400) for n in range(300)]
    status = to_status(MeshError(Code.INVALID_ARGUMENT, "FIELD_INVALID", "No.", violations=violations))
    assert status.ByteSize() <= 4096
    back = from_status(status)
    assert 5 < len(back.violations) < 20
    assert int(back.metadata["violations_omitted"]) == 300 - len(back.violations)


def test_text_that_no_wire_can_carry() -> None:
    back = from_status(
        to_status(MeshError(Code.INTERNAL, "INTERNAL", "broken \ud800 half", metadata={"a": "\udfff"}))
    )
    assert back.message == "broken ? half"


def test_long_text_is_cut_between_characters() -> None:
    back = from_status(to_status(MeshError(Code.INTERNAL, "INTERNAL", "ä" * 5000)))
    assert back.message.endswith("ä…")
    assert len(back.message.encode()) <= 600


def test_the_domain_is_ours() -> None:
    info = error_details_pb2.ErrorInfo()
    assert to_status(MeshError(Code.NOT_FOUND, "MODEL_NOT_FOUND", "No.")).details[0].Unpack(info)
    assert (info.domain, info.reason) == (DOMAIN, "MODEL_NOT_FOUND") == ("animathic.dev", "MODEL_NOT_FOUND")


def test_a_status_of_somebody_else() -> None:
    assert from_status(status_pb2.Status(code=14, message="no")).reason == "UPSTREAM_UNAVAILABLE"
    assert from_status(status_pb2.Status(code=4)).reason == "DEADLINE_EXCEEDED"
    assert from_status(status_pb2.Status(code=99)).code is Code.UNKNOWN
    with pytest.raises(ValueError, match="OK"):
        from_status(status_pb2.Status(code=0))


def test_it_reads_well() -> None:
    error = MeshError(Code.NOT_FOUND, "MODEL_NOT_FOUND", "There is no such model.")
    assert str(error) == "NOT_FOUND MODEL_NOT_FOUND: There is no such model."
