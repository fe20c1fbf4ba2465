"""The shared checks of scripts get pytest's detailed assertions."""

import pytest

pytest.register_assert_rewrite("tests.codegen.script_checks")
