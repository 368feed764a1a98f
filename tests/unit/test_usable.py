"""What is left of settings without their faulty parts, so that everything else can be checked too."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stream.setting_parts import Receiver
from stream.settings import Settings
from stream.usable import Usable, usable, usable_receiver

WEBHOOK = {"name": "desk", "kind": "webhook", "url": "https://desk.example/x"}


def of(**written: Any) -> Usable:
    """What can be used of faulty settings."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(written)
    return usable(written, caught.value)


def test_faulty_parts_are_taken_out_and_no_more() -> None:
    """A whole setting, one setting of alerts, one rule; the rest stands as it is written, receivers aside."""
    alerts = {"targets": {"csat": "high", "fcr_one_touch": 60}, "explain_by": ["team"], "rules": {"x9": None, "mine": {"kind": "custom"}}}
    found = of(min_n=0, windows=["1h"], alerts=alerts, notify=[WEBHOOK, {**WEBHOOK, "name": "a b"}])
    assert found.out == {("min_n",), ("alerts", "targets"), ("alerts", "rules", "x9"), ("notify",)}
    assert [fault.path for fault in found.faults] == ["min_n", "alerts.targets.csat", "alerts.rules.x9", "notify.1.name"]
    assert (found.settings.min_n, found.settings.windows, found.settings.notify) == (10, ("1h",), ())
    assert (found.settings.alerts.explain_by, dict(found.settings.alerts.rules)) == (("team",), {"mine": {"kind": "custom"}})
    assert found.targets == {}
    assert of(min_n=0, alerts={"targets": {"csat": 70}}).targets["csat"] == 70


def test_what_does_not_fit_is_told_beside_other_faults() -> None:
    """All of it, unless one of those that should fit is faulty itself."""
    schedule_of = [{"schedule": "late"}]
    fitting = "agents: 'pseudonymous' needs agent_key_file; schedule_of: no schedule is called 'late'"
    assert [fault.message for fault in of(min_n=0, agents="pseudonymous", schedule_of=schedule_of).faults][1:] == [fitting]
    assert [fault.message for fault in of(agents="pseudonymous", schedule_of=schedule_of).faults] == [fitting]
    found = of(agents="none", segments=[[], ["agent"]], schedule_of=schedule_of)
    assert [fault.path for fault in found.faults] == ["agents", ""]
    assert found.faults[1].message == "schedule_of: no schedule is called 'late'"
    assert found.settings.segments == ((), ("agent",))
    assert [fault.path for fault in of(schedules={"late": {}}, schedule_of=schedule_of).faults] == [
        "schedules.late.timezone",
        "schedules.late.weekly",
    ]


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"name": "a b"}, ["name"]),
        ({"name": "a b", "severities": []}, ["name", "severities"]),
        ({"kind": "pigeon", "timeout": "soon"}, ["kind", "timeout"]),
        ({"url": None}, [""]),
        ({"name": "a b", "url_file": "/x"}, ["name", ""]),
        ({"kind": "apprise", "colour": 1}, ["colour", ""]),
        ({"url": "https://ann:pw@desk.example"}, ["url"]),
    ],
)
def test_a_receiver_is_told_all_of_its_faults(fields: dict[str, Any], paths: list[str]) -> None:
    """What fits together only is looked at too; what is right of it is kept."""
    written = {**WEBHOOK, "rules": ["csat_dip"], **fields}
    found, faults = usable_receiver(written)
    assert [fault.path for fault in faults] == paths
    assert isinstance(found, Receiver)
    assert found.rules == ("csat_dip",)
    assert (found.name == "desk") == ("name" not in paths)
