from __future__ import annotations

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError

from service.commands.foreseen import foreseen
from service.errors import BadInputError
from service.settings import Settings


def test_our_own_errors_and_the_systems_speak_for_themselves() -> None:
    assert foreseen(BadInputError("there is no file 'x'")) == "there is no file 'x'"
    assert foreseen(PermissionError(13, "Permission denied")) == "[Errno 13] Permission denied"


def test_a_wrong_setting_is_named_with_what_was_received() -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(port=70_000)
    said = foreseen(wrong.value)
    assert said is not None
    assert said.startswith("port: ")
    assert said.endswith("; received 70000")


def test_a_store_that_is_away_is_said_in_one_line() -> None:
    away = OperationalError("SELECT 1", {}, Exception("connection refused\nis it running?"))
    said = foreseen(away)
    assert said is not None
    assert said.startswith("a store cannot be used: ")
    assert "connection refused" in said
    assert "\n" not in said


def test_what_nobody_foresaw_is_no_ones_line() -> None:
    assert foreseen(ProgrammingError("SELEC", {}, Exception("syntax"))) is None
    assert foreseen(KeyError("x")) is None
