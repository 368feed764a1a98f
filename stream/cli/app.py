"""What can be typed: every command with its options. The work is imported when a command runs, so that `--help` answers at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from stream.cli.numbers import finite

Config = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="CSAT_CONFIG", help="Settings file; csat.yaml where that exists.", show_default=False)
]
Bootstrap = Annotated[str | None, typer.Option("--bootstrap-servers", "-b", help="Kafka's host:port, over the settings.", show_default=False)]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or JSON-lines files.", show_default=False)]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", "-m", help="How rows become events; files of our own events need none.", show_default=False)
]
Metric = Annotated[str | None, typer.Option(help="Only this metric, such as csat.", show_default=False)]
Segment = Annotated[list[str] | None, typer.Option(help="Only this segment, such as team=billing; `all` is everything.", show_default=False)]
Window = Annotated[str | None, typer.Option(help="Only this window, such as 24h.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

app = typer.Typer(
    name="csat-stream",
    help="Customer-satisfaction scores from helpdesk events in Kafka, exact whatever the order of arrival.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
topics_app = typer.Typer(help="The topics shared with others.", no_args_is_help=True)
config_app = typer.Typer(help="The settings.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(config_app, name="config")


@app.command()
def worker(
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
    ready_file: Annotated[Path | None, typer.Option(help="Made once everything is read, removed at the end.", show_default=False)] = None,
    log_level: Annotated[str, typer.Option(help="info, warning or error.")] = "info",
    end_at_eof: Annotated[bool, typer.Option("--end-at-eof", hidden=True, help="End with standard input.")] = False,
) -> None:
    """Read events, keep scores: the main job. Any number of workers share the partitions."""
    from stream.cli.alert_settings import checked_settings
    from stream.cli.common import Common
    from stream.cli.worker import run_worker

    common = Common(config, bootstrap_servers)
    settings, _ = checked_settings(common.path, {**common.overrides(), **({"ready_file": ready_file} if ready_file else {})})
    run_worker(settings, log_level=log_level, end_at_eof=end_at_eof)


@topics_app.command("create")
def topics_create(
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
    partitions: Annotated[int, typer.Option(min=1, max=1000, help="Partitions of each topic that is made.")] = 4,
) -> None:
    """Create the topics that are missing, and check those that exist."""
    from stream.cli.common import Common
    from stream.cli.logs import be_quiet
    from stream.cli.topics import create_topics

    be_quiet()
    asyncio.run(create_topics(Common(config, bootstrap_servers).settings(), partitions))


@config_app.command("check")
def config_check(config: Config = None, bootstrap_servers: Bootstrap = None) -> None:
    """Check the settings: every fault at once, or a summary."""
    from stream.cli.common import Common
    from stream.cli.config import show_config

    show_config(Common(config, bootstrap_servers))


@app.command("import")
def import_files(
    files: Files,
    mapping: MappingFile = None,
    faults: Annotated[Path | None, typer.Option(help="File for all rows that could not be read.", show_default=False)] = None,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """CSV or JSON lines to events, in the order of event time. Exit code 1 if some rows could not be read."""
    from stream.cli.common import Common
    from stream.cli.intake import run_import
    from stream.cli.logs import be_quiet

    be_quiet()
    raise typer.Exit(run_import(Common(config, bootstrap_servers).settings(), files, mapping, faults))


@app.command()
def scores(
    metric: Metric = None,
    segment: Segment = None,
    window: Window = None,
    as_json: AsJson = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Show the scores that are published now."""
    from stream.cli.common import Common, choice_of
    from stream.cli.logs import be_quiet
    from stream.cli.scores import show_scores

    be_quiet()
    choice = choice_of(metric, segment, window)
    asyncio.run(show_scores(Common(config, bootstrap_servers).settings(), choice, as_json=as_json))


@app.command("try")
def try_files(
    files: Files,
    mapping: MappingFile = None,
    as_of: Annotated[str | None, typer.Option(help="Where now stands still (RFC 3339); the newest event if absent.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="File for all scores, one JSON line each.", show_default=False)] = None,
    config: Config = None,
) -> None:
    """Score files of your own: an embedded Kafka and a real worker, stopped again at the end."""
    from stream.cli.common import Common, time_of
    from stream.cli.logs import be_quiet
    from stream.cli.try_ import run_try

    be_quiet()
    raise typer.Exit(run_try(Common(config), files, mapping, time_of("--as-of", as_of), out))


@app.command()
def recompute(  # noqa: PLR0913, PLR0917  one parameter an option
    metric: Metric = None,
    segment: Segment = None,
    window: Window = None,
    diff: Annotated[bool, typer.Option("--diff", help="Compare with the score topic; exit code 1 on any difference.")] = False,
    as_of: Annotated[
        str | None, typer.Option(help="The now of the figures (RFC 3339); that of the newest score if absent.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Work the figures out a second time, straight from the raw events and the definitions."""
    from stream.cli.common import Common, choice_of, time_of
    from stream.cli.logs import be_quiet
    from stream.cli.recompute import run_recompute

    be_quiet()
    settings, choice = Common(config, bootstrap_servers).settings(), choice_of(metric, segment, window)
    raise typer.Exit(asyncio.run(run_recompute(settings, choice, time_of("--as-of", as_of), diff=diff, as_json=as_json)))


@app.command()
def rebuild(
    delete_old: Annotated[bool, typer.Option("--delete-old", help="Delete the old generation's topics once its workers have stopped.")] = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Make the state anew from the source topics, beside the old one, then switch to it."""
    from stream.cli.common import Common
    from stream.cli.logs import be_quiet
    from stream.cli.rebuild import run_rebuild

    be_quiet()
    asyncio.run(run_rebuild(Common(config, bootstrap_servers).settings({"ready_file": None}), delete_old=delete_old))


@app.command()
def reset(
    to: Annotated[str, typer.Option(help="beginning, end, or an RFC 3339 time (by Kafka's clock).", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Begin anew with an empty state at another place of the source topics. Refused while workers run."""
    from stream.cli.common import Common
    from stream.cli.logs import be_quiet
    from stream.cli.reset import run_reset

    be_quiet()
    asyncio.run(run_reset(Common(config, bootstrap_servers).settings(), to, yes=yes))


@app.command()
def backtest(  # noqa: PLR0913, PLR0917  one parameter an option
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or JSON-lines files.", show_default=False)
    ] = None,
    mapping: MappingFile = None,
    from_topics: Annotated[bool, typer.Option("--from-topics", help="Replay what the source topics hold, in place of files.")] = False,
    rules: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="New rules: as under alerts.rules, or a whole csat.yaml.", show_default=False)
    ] = None,
    incidents: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV of what was really wrong: from, to, segment.", show_default=False)
    ] = None,
    dip: Annotated[str | None, typer.Option(help="Put a fall into this segment, such as team=billing or all.", show_default=False)] = None,
    dip_from: Annotated[str | None, typer.Option(help="When it begins (RFC 3339).", show_default=False)] = None,
    dip_hours: Annotated[float | None, typer.Option(help="How many hours it lasts.", show_default=False)] = None,
    dip_to: Annotated[float | None, typer.Option(help="The share of satisfied it falls to, such as 0.6.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws which ratings fall.")] = 1,
    charts: Annotated[Path | None, typer.Option(file_okay=False, help="Folder for PNG charts.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Lead history through rules, new ones beside the current ones, and see what they would have said."""
    from stream.cli.backtest import Backtest, dip_of, run_backtest
    from stream.cli.common import Common
    from stream.cli.logs import be_quiet

    be_quiet()
    asked = Backtest(files or (), mapping, from_topics, rules, incidents, dip_of(dip, dip_from, dip_hours, dip_to, seed), charts, as_json)
    raise typer.Exit(run_backtest(Common(config, bootstrap_servers), asked))


@app.command()
def rules(
    rule: Annotated[str | None, typer.Option(help="Only this rule.", show_default=False)] = None,
    segment: Segment = None,
    everything: Annotated[bool, typer.Option("--all", help="Every segment, not only those that are not at rest.")] = False,
    as_json: AsJson = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Show the rules by segment: their state, and which are dormant or can't be judged, and why."""
    from stream.cli.common import Common, parse_segment
    from stream.cli.logs import be_quiet
    from stream.cli.rules import run_rules

    be_quiet()
    settings = Common(config, bootstrap_servers).settings()
    asyncio.run(run_rules(settings, rule, parse_segment(segment), everything=everything, as_json=as_json))


@app.command()
def silence(  # noqa: PLR0913, PLR0917  one parameter an option
    who: Annotated[str, typer.Option(help="Who asks for it: a name, no e-mail address.", show_default=False)],
    why: Annotated[str, typer.Option(help="Why, in words.", show_default=False)],
    rule: Annotated[str | None, typer.Option(help="Only this rule; all if absent.", show_default=False)] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(help="Only segments with these values, such as team=billing,channel=chat; may be repeated.", show_default=False),
    ] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, such as 4h; at most 366d.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="Until when (RFC 3339).", show_default=False)] = None,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Let nobody be notified of some alerts for a time. Their state goes on, and what still holds at the end is said then."""
    from stream.cli.common import Common, parse_segment
    from stream.cli.logs import be_quiet
    from stream.cli.silence import end_of, run_silence

    be_quiet()
    settings = Common(config, bootstrap_servers).settings()
    asyncio.run(run_silence(settings, rule, parse_segment(segment), end_of(length, until), who, why))


@app.command()
def silences(
    end: Annotated[str | None, typer.Option(help="End the silence with this id.", show_default=False)] = None,
    as_json: AsJson = False,
    config: Config = None,
    bootstrap_servers: Bootstrap = None,
) -> None:
    """Show the silences that stand, or end one."""
    from stream.cli.common import Common
    from stream.cli.logs import be_quiet
    from stream.cli.silence import run_silences

    be_quiet()
    asyncio.run(run_silences(Common(config, bootstrap_servers).settings(), end, as_json=as_json))


@app.command()
def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, callback=finite, help="End after so many seconds of table; Ctrl-C if absent.", show_default=False)
    ] = None,
    speed: Annotated[
        float, typer.Option(min=1, max=1000, callback=finite, help="How much faster simulated time runs until it has caught up.")
    ] = 60.0,
    rate: Annotated[float, typer.Option(min=1, max=100_000, callback=finite, help="Tickets opened an hour, in the mean.")] = 480.0,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of its worker's metrics for Prometheus; 0 for any free one.", show_default=False)
    ] = None,
) -> None:
    """A simulated helpdesk on an embedded Kafka, its scores and alerts live in the terminal."""
    from stream.cli.demo import run_demo
    from stream.cli.logs import be_quiet

    be_quiet()
    run_demo(seconds, speed, rate, metrics_port)
