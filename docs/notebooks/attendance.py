"""The attendance of an event in pictures: an example for analysts, to be changed (docs/analysis.md).

    marimo edit docs/notebooks/attendance.py -- --archive /srv/archive
    marimo edit docs/notebooks/attendance.py -- --server https://events.example.org --event evt_…   # PASSERELLE_TOKEN
    python docs/notebooks/attendance.py --data-dir DIR --pictures FOLDER

Everything is counted: no picture and no table shows one person.
"""

import marimo

app = marimo.App(width="medium", app_title="Attendance")


@app.cell
def what_is_needed():
    import io
    import os
    import sys
    from datetime import timedelta
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import marimo as mo
    import matplotlib as mpl
    import matplotlib.dates as mdates
    from matplotlib.figure import Figure

    from services.attendance.asking import open_columns
    from services.attendance.settings import AttendanceSettings
    from services.chassis.command import kept_settings
    from services.chassis.errors import OperatorError
    from services.chassis.settings import SettingsError

    return (
        AttendanceSettings,
        Figure,
        OperatorError,
        Path,
        SettingsError,
        ZoneInfo,
        io,
        kept_settings,
        mdates,
        mo,
        mpl,
        open_columns,
        os,
        sys,
        timedelta,
    )


@app.cell
async def the_source(AttendanceSettings, OperatorError, Path, SettingsError, kept_settings, mo, open_columns, os, sys):
    def ended(why):
        """Say in one line why there is nothing to draw."""
        if mo.app_meta().mode == "script":
            sys.exit(why)
        mo.stop(True, mo.callout(why, kind="warn"))

    asked = mo.cli_args()
    archive, server, data_dir = (asked.get(name) for name in ("archive", "server", "data-dir"))
    if archive is None and server is None and data_dir is None:
        ended("Say what to read, after --: --archive DIR, --data-dir DIR, or --server URL --event evt_….")
    try:
        columns = await open_columns(
            archive=archive,
            read_model=None if data_dir is None else kept_settings(Path(str(data_dir)), AttendanceSettings),
            server=server,
            token=str(asked.get("token") or os.environ.get("PASSERELLE_TOKEN", "")),
            events=[str(each) for each in asked.get_all("event")],
        )
    except (OperatorError, SettingsError) as error:
        ended(str(error))
    pictures = None if asked.get("pictures") is None else Path(str(asked.get("pictures")))
    return asked, columns, ended, pictures


@app.cell
def the_questions(columns):
    def rows(query):
        """The answer to a question, as in `passerelle sql`."""
        return [row for batch in columns.ask(query).batches for row in batch.to_pylist()]

    def quoted(text):
        return "'" + text.replace("'", "''") + "'"

    return quoted, rows


@app.cell
def the_event(asked, mo, rows):
    _titles = {row["event_id"]: row["event_id"] for row in rows("SELECT DISTINCT event_id FROM minutes ORDER BY ALL")}
    _zones = {}
    if rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'events'"):
        for _row in rows("SELECT event_id, title, timezone FROM events"):
            if _row["event_id"] in _titles:
                _titles[_row["event_id"]] = f"{_row['title']} ({_row['event_id']})"
                _zones[_row["event_id"]] = _row["timezone"]
    _wanted = asked.get("event")
    zones = _zones
    choice = mo.ui.dropdown(
        options={title: event_id for event_id, title in sorted(_titles.items(), key=lambda each: each[1])},
        value=_titles.get(_wanted) if _wanted else next(iter(sorted(_titles.values())), None),
        label="Event",
    )
    mo.vstack([mo.md("# Attendance"), choice])
    return choice, zones


@app.cell
def how_it_looks(Figure, ZoneInfo, asked, choice, ended, io, mdates, mo, mpl, pictures, quoted, rows, zones):
    if choice.value is None:
        ended("There is no presence in that.")
    event = quoted(choice.value)
    zone = ZoneInfo(str(asked.get("timezone") or zones.get(choice.value) or "UTC"))
    # Blue and vermilion of Okabe and Ito, told apart by all; lines are dashed and bars hatched too, for print in grey.
    styles = {
        "in_person": {"label": "on site", "color": "#0072b2", "line": "-", "hatch": ""},
        "remote": {"label": "remote", "color": "#d55e00", "line": "--", "hatch": "//"},
        "both": {"label": "both", "color": "#009e73", "line": ":", "hatch": ".."},
    }
    mpl.rcParams |= {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10, "hatch.linewidth": 0.6}
    sessions = rows(f"SELECT * FROM agenda WHERE event_id = {event} ORDER BY starts_at, session_id")

    def drawing(tall=3.6, **grid):
        figure = Figure(figsize=(8.5, tall), layout="constrained")
        return figure, figure.subplots(**grid)

    def in_time(axes):
        """The hours of the event below, in its own time zone."""
        locator = mdates.AutoDateLocator(tz=zone, minticks=3, maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=zone))
        axes.set_xlabel(f"Time ({zone.key})")

    def shown(name, figure, said, table):
        """A picture with its title, what it says in words, and its numbers below it."""
        written = io.BytesIO()
        figure.savefig(written, format="png", dpi=140)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            (pictures / f"{name}.png").write_bytes(written.getvalue())
        return mo.vstack(
            [
                mo.image(written.getvalue(), alt=said, width="100%"),
                mo.accordion({"The same in numbers": mo.ui.table(table, selection=None)}),
            ]
        )

    return drawing, event, in_time, sessions, shown, styles, zone


@app.cell
def presence_over_time(drawing, event, in_time, mo, rows, sessions, shown, styles, zone):
    _minutes = rows(f"SELECT * FROM minutes WHERE event_id = {event} ORDER BY minute")
    _figure, _axes = drawing()
    for _number, _session in enumerate(sessions):
        _axes.axvspan(
            _session["starts_at"], _session["ends_at"], color="black", alpha=0.04 + 0.04 * (_number % 2), lw=0
        )
    for _mode in ("in_person", "remote"):
        _axes.step(
            [row["minute"] for row in _minutes],
            [row[_mode] for row in _minutes],
            where="post",
            color=styles[_mode]["color"],
            linestyle=styles[_mode]["line"],
            label=styles[_mode]["label"],
        )
    _axes.step(
        [row["minute"] for row in _minutes],
        [row["total"] for row in _minutes],
        where="post",
        color="black",
        lw=0.8,
        label="in all",
    )
    _axes.set(title="Who is there, by minute (sessions are shaded)", ylabel="People", ylim=(0, None))
    in_time(_axes)
    _axes.legend(frameon=False, ncols=3)
    _most = max(_minutes, key=lambda row: row["total"])
    _said = (
        f"Line chart of presence by minute. Most at once: {_most['total']} people at "
        f"{_most['minute'].astimezone(zone):%H:%M}, {_most['in_person']} of them on site and {_most['remote']} remote."
    )
    mo.vstack([mo.md(f"## Presence over time\n\n{_said}"), shown("presence", _figure, _said, _minutes)])
    return


@app.cell
def who_stayed(drawing, event, mo, rows, sessions, shown, styles):
    _steps = rows(f"""
        WITH there AS (
            SELECT DISTINCT session_id, mode, person FROM agenda JOIN unions USING (event_id)
            WHERE event_id = {event} AND mode <> 'total' AND started_at < ends_at AND ended_at > starts_at
        ), steps AS (
            SELECT session_id, title, starts_at, percent,
                least(starts_at + (ends_at - starts_at) * percent / 100, ends_at - INTERVAL 1 MILLISECOND) AS moment
            FROM agenda, (SELECT unnest(range(0, 101, 5)) AS percent) WHERE event_id = {event}
        )
        SELECT session_id, title, mode, percent, count(*) AS people,
            count(*) FILTER (EXISTS (FROM unions WHERE event_id = {event} AND unions.mode = there.mode
                AND unions.person = there.person AND started_at <= moment AND ended_at > moment)) AS still_there
        FROM steps JOIN there USING (session_id)
        GROUP BY session_id, title, starts_at, mode, percent ORDER BY starts_at, session_id, mode, percent""")
    _high = max(1, -(-len(sessions) // 2))
    _figure, _grid = drawing(2.4 * _high + 0.6, nrows=_high, ncols=2, sharex=True, sharey=True, squeeze=False)
    _ends = []
    for _axes, _session in zip(_grid.flat, sessions, strict=False):
        for _mode in ("in_person", "remote"):
            _of = [row for row in _steps if (row["session_id"], row["mode"]) == (_session["session_id"], _mode)]
            if not _of:
                continue
            _style = styles[_mode]
            _shares = [100 * row["still_there"] / row["people"] for row in _of]
            _axes.plot(
                [row["percent"] for row in _of],
                _shares,
                color=_style["color"],
                linestyle=_style["line"],
                label=f"{_style['label']} ({_of[0]['people']})",
            )
            _ends.append(
                f"{_session['title']}, {_style['label']}: {_shares[10]:.0f} % halfway, {_shares[-1]:.0f} % at the end"
            )
        _axes.set_title(_session["title"], fontsize=9)
        _axes.legend(frameon=False, fontsize=8, loc="lower center")
    for _axes in list(_grid.flat)[len(sessions) :]:
        _axes.set_axis_off()
    _grid[0][0].set(ylim=(0, 105), xlim=(0, 100))
    _figure.suptitle("Who is still there along each session, of those who were in it")
    _figure.supxlabel("% of the session", fontsize=10)
    _figure.supylabel("% of its people", fontsize=10)
    _said = (
        f"Line charts of retention, one for each session, on site against remote. {'; '.join(_ends) or 'No session'}."
    )
    mo.vstack([mo.md("## Who stays, on site and remote"), shown("retention", _figure, _said, _steps)])
    return


@app.cell
def how_long(drawing, event, mo, rows, shown, styles):
    _lengths = rows(f"""
        WITH people AS (
            SELECT person, sum(epoch_ms(ended_at) - epoch_ms(started_at)) FILTER (mode = 'total') / 60000 AS minutes,
                CASE WHEN count(DISTINCT mode) = 3 THEN 'both' ELSE min(mode) FILTER (mode <> 'total') END AS way
            FROM unions WHERE event_id = {event} GROUP BY person
        )
        SELECT (floor(minutes / 30) * 30)::INTEGER AS from_minutes, way, count(*) AS people FROM people GROUP BY ALL
        ORDER BY ALL""")
    _figure, _axes = drawing()
    _from = list(range(0, max(row["from_minutes"] for row in _lengths) + 30, 30))
    _below = [0] * len(_from)
    for _way, _style in styles.items():
        _counts = {row["from_minutes"]: row["people"] for row in _lengths if row["way"] == _way}
        if not _counts:
            continue
        _heights = [_counts.get(start, 0) for start in _from]
        _axes.bar(
            [start / 60 for start in _from],
            _heights,
            width=0.46,
            align="edge",
            bottom=_below,
            color=_style["color"],
            edgecolor="white",
            hatch=_style["hatch"],
            label=_style["label"],
        )
        _below = [below + height for below, height in zip(_below, _heights, strict=True)]
    _axes.set(title="How long people were there", xlabel="Hours, by half-hours", ylabel="People")
    _axes.legend(frameon=False, ncols=3)
    _most = max(range(len(_from)), key=_below.__getitem__)
    _said = (
        f"Stacked bars of how long people were there in all, by how they came. {sum(_below)} people; most frequent: "
        f"{_from[_most]} to {_from[_most] + 30} minutes ({_below[_most]} people)."
    )
    mo.vstack([mo.md(f"## Length of presence\n\n{_said}"), shown("durations", _figure, _said, _lengths)])
    return


@app.cell
def coming_and_going(drawing, event, in_time, mo, rows, shown, styles, timedelta, zone):
    _moves = rows(f"""
        SELECT time_bucket(INTERVAL 15 MINUTE, moment) AS quarter, mode, count(*) FILTER (came) AS arrivals,
            count(*) FILTER (NOT came) AS departures
        FROM (
            SELECT started_at AS moment, mode, true AS came FROM unions WHERE event_id = {event} AND mode <> 'total'
            UNION ALL SELECT ended_at, mode, false FROM unions WHERE event_id = {event} AND mode <> 'total'
        )
        GROUP BY ALL ORDER BY ALL""")
    _figure, _axes = drawing()
    for _number, _mode in enumerate(("in_person", "remote")):
        _style, _of = styles[_mode], [row for row in _moves if row["mode"] == _mode]
        _look = {"width": timedelta(minutes=7), "align": "edge", "edgecolor": "white", "hatch": _style["hatch"]}
        _at = [row["quarter"] + _number * timedelta(minutes=7.5) for row in _of]
        _axes.bar(_at, [row["arrivals"] for row in _of], color=_style["color"], label=_style["label"], **_look)
        _axes.bar(_at, [-row["departures"] for row in _of], color=_style["color"], alpha=0.6, **_look)
    _axes.axhline(0, color="black", lw=0.8)
    _axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    _axes.set(title="Arrivals (above) and departures (below), by quarter of an hour", ylabel="Times")
    in_time(_axes)
    _axes.legend(frameon=False, ncols=2)
    _most = max(_moves, key=lambda row: row["arrivals"])
    _said = (
        f"Bars of arrivals and departures by quarter of an hour, whoever comes back arrives again. Most arrivals: "
        f"{_most['arrivals']} {styles[_most['mode']]['label']} from {_most['quarter'].astimezone(zone):%H:%M} on."
    )
    mo.vstack([mo.md(f"## Arrivals and departures\n\n{_said}"), shown("arrivals", _figure, _said, _moves)])
    return


@app.cell
def changing_modes(drawing, event, in_time, mo, rows, shown, styles, timedelta):
    _switches = rows(f"""
        SELECT time_bucket(INTERVAL 30 MINUTE, switched_at) AS half_hour, to_mode, count(*) AS switches,
            count(*) FILTER (gap_seconds > 0) AS with_time_away
        FROM switches WHERE event_id = {event} GROUP BY ALL ORDER BY ALL""")
    _figure, _axes = drawing()
    for _number, _mode in enumerate(("in_person", "remote")):
        _style, _of = styles[_mode], [row for row in _switches if row["to_mode"] == _mode]
        _axes.bar(
            [row["half_hour"] + _number * timedelta(minutes=15) for row in _of],
            [row["switches"] for row in _of],
            width=timedelta(minutes=14),
            align="edge",
            color=_style["color"],
            edgecolor="white",
            hatch=_style["hatch"],
            label={"in_person": "from remote to the room", "remote": "from the room to remote"}[_mode],
        )
    _axes.set(title="Changes between the room and the link, by half-hour", ylabel="Times", ylim=(0, None))
    if _switches:
        in_time(_axes)
        _axes.legend(frameon=False)
    else:
        _axes.set(xticks=[], yticks=[])
    _counts = {mode: sum(row["switches"] for row in _switches if row["to_mode"] == mode) for mode in styles}
    _said = f"Bars of mode switches: {_counts['remote']} from the room to remote, {_counts['in_person']} back."
    mo.vstack([mo.md(f"## Mode switches\n\n{_said}"), shown("switches", _figure, _said, _switches)])
    return


if __name__ == "__main__":
    app.run()
