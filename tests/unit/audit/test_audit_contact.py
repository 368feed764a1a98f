"""First-contact resolution, bot-only share, reopen rate."""

from __future__ import annotations

from audit_cases import DAY, HOUR, LATER, MIDNIGHT, NOON, ask, auditor, closed, counts, opened, reopened, reply, seen

BOT = [opened(NOON), closed(NOON + 1, by="bot")]


def test_one_touch_is_fewer_than_two_human_replies() -> None:
    """In the whole life, after the close too."""
    one = [opened(NOON), reply(NOON + 1), reply(NOON + 2, human=False), closed(NOON + 3)]
    assert counts("fcr_one_touch", one) == {"first_contact": 1, "resolved": 1}
    assert counts("fcr_one_touch", [*one, reply(NOON + 4)]) == {"resolved": 1}
    assert counts("fcr_one_touch", [opened(NOON), closed(NOON + 3)]) == {"first_contact": 1, "resolved": 1}


def test_never_reopened_is_one_agent_and_no_reopening() -> None:
    """Many replies of one agent are fine, two agents are not."""
    base = [opened(NOON), reply(NOON + 1, "ann"), reply(NOON + 2, "ann"), closed(NOON + 3)]
    assert counts("fcr_never_reopened", base) == {"first_contact": 1, "resolved": 1}
    assert counts("fcr_never_reopened", [*base, reply(NOON + 4, "bob")]) == {"resolved": 1}
    assert counts("fcr_never_reopened", [*base, reopened(NOON + 4)]) == {"resolved": 1}


def test_thanks_is_no_reopening() -> None:
    """Reopened and closed again with no human reply between; with one it is a reopening."""
    base = [opened(NOON), reply(NOON + 1), closed(NOON + 3), reopened(NOON + 4)]
    assert counts("fcr_never_reopened", [*base, closed(NOON + 9)]) == {"first_contact": 1, "resolved": 1}
    assert counts("fcr_never_reopened", [*base, reply(NOON + 5, human=False), closed(NOON + 9)]) == {"first_contact": 1, "resolved": 1}
    assert counts("fcr_never_reopened", [*base, reply(NOON + 5), closed(NOON + 9)]) == {"resolved": 1}
    assert counts("fcr_never_reopened", [*base, reply(NOON + 5), closed(NOON + 9), reopened(NOON + 10), closed(NOON + 11)]) == {"resolved": 1}


def test_bot_only_lives_are_out_of_first_contact() -> None:
    """No human reply and a first close by bot or auto; they have a share of their own."""
    human = [opened(NOON), closed(NOON + 1)]
    answered = [opened(NOON), closed(NOON + 1, by="auto"), reply(NOON + 2)]
    tickets = [BOT, [opened(NOON), closed(NOON + 1, by="auto")], human, answered]
    assert counts("fcr_one_touch", *tickets) == {"first_contact": 2, "resolved": 2}
    found = ask("bot_only", *tickets)
    assert found is not None
    assert seen(found.value, found.n, found.counts) == (50, 4, {"bot_only": 2, "closed": 4})
    assert counts("fcr_never_reopened", BOT) is None


def test_reopen_rate_counts_thanks_and_bots() -> None:
    """1 of 4 closed lives reopened; the "thanks" is one."""
    thanks = [opened(NOON), closed(NOON + 1), reopened(NOON + 2), closed(NOON + 3)]
    found = ask("reopen_rate", thanks, BOT, BOT, [opened(NOON), closed(NOON + 9)], [opened(NOON)])
    assert found is not None
    assert seen(found.value, found.counts) == (25, {"reopened": 1, "closed": 4})


def test_matured_windows_end_seven_days_ago() -> None:
    """24h final at noon: the hours 13 (8 days ago) to 12 (7 days ago); provisional: the last 24 h; both by the first close."""
    #   8 d ago 12 [13 ......... 12] 7 d ago ............. now
    edges = [NOON - 8 * DAY + HOUR - 1, NOON - 8 * DAY + HOUR, NOON - 7 * DAY + HOUR - 1, NOON - 7 * DAY + HOUR]
    tickets = [[opened(edge - 9), closed(edge)] for edge in edges]
    for metric in ("fcr_one_touch", "fcr_never_reopened"):
        assert counts(metric, *tickets, window="24h", as_of=NOON) == {"first_contact": 2, "resolved": 2}
        assert counts(metric, *tickets, window="all", as_of=NOON) == {"first_contact": 3, "resolved": 3}
        assert counts(f"{metric}_provisional", *tickets, window="24h", as_of=NOON) is None
        assert counts(f"{metric}_provisional", *tickets, window="7d", as_of=NOON) == {"first_contact": 1, "resolved": 1}
    assert counts("reopen_rate", *tickets, window="24h", as_of=NOON) == {"closed": 2}


def test_which_windows_each_has() -> None:
    """Final, bot-only and reopen rate: 24h and longer; provisional: 24h and 7d."""
    found = auditor([opened(MIDNIGHT), reply(MIDNIGHT + 1), closed(MIDNIGHT + 2)], windows=["4h", "8h", "24h", "48h", "7d", "30d", "all"])
    now, matured = MIDNIGHT + HOUR, MIDNIGHT + HOUR + 7 * DAY
    assert {window for metric, _, window in found.keys(matured) if metric == "fcr_one_touch"} == {"24h", "48h", "7d", "30d", "all"}
    assert {window for metric, _, window in found.keys(matured) if metric == "reopen_rate"} == {"24h", "48h", "7d", "30d", "all"}
    assert {window for metric, _, window in found.keys(now) if metric == "fcr_one_touch_provisional"} == {"24h", "7d"}
    assert {window for metric, _, window in found.keys(now) if metric == "resolution_first"} == {"4h", "8h", "24h", "48h", "7d", "30d", "all"}
    assert found.answer("fcr_one_touch", {}, "4h", matured) is None
    assert found.answer("fcr_one_touch", {}, "30d", LATER + 90 * DAY) is None
