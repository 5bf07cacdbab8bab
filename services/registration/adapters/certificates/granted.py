"""The lines of a certificate about time that the organizer granted: apart from all that was measured."""

from collections.abc import Mapping, Sequence

from services.registration.adapters.letters.languages import Tongue
from services.registration.application.certificate_ports import Certificate
from services.registration.domain.granted_time import Grant
from services.registration.domain.seats import Mode


class GrantedWording:
    """What is said of granted time in one language: nothing, where none was granted."""

    def __init__(self, certificate: Certificate, tongue: Tongue) -> None:
        """Word what `certificate` is about."""
        self._record = certificate.record
        self._timezone = certificate.event.timezone
        self._tongue = tongue
        self._gettext = tongue.texts.gettext

    def tables(self) -> Sequence[Mapping[str, object]]:
        """A line for each span, with how and when it was granted and how long it is."""
        gettext = self._gettext
        if not self._record.grants:
            return []
        head = [gettext("From when to when"), gettext("How"), gettext("Granted on"), gettext("Length")]
        rows = [
            [
                self._where(grant),
                self._way(grant),
                self._tongue.formats["format_date"](grant.granted_at, self._timezone, "short"),
                self._length(grant),
            ]
            for grant in self._record.grants
        ]
        return [{"title": gettext("Time granted by the organizer"), "head": head, "rows": rows}]

    def note(self) -> Sequence[str]:
        """What such time rests on, and how much it adds."""
        gettext = self._gettext
        if not self._record.grants:
            return []
        said = gettext(
            "Granted time was not measured: it rests on the word of the organizer, who answered a contest of the "
            "participant. No other time on this document contains it. What was measured as well counts once: it adds "
            "%(time)s."
        )
        return [said % {"time": self._seconds(self._record.granted_seconds)}]

    def sentence(self) -> Sequence[str]:
        """The same where there is no table."""
        gettext = self._gettext
        if not self._record.grants:
            return []
        said = gettext(
            "In addition, the organizer granted %(time)s, which were not measured, in answer to a contest of the "
            "participant: %(spans)s."
        )
        spans = " · ".join(f"{self._where(grant)} ({self._way(grant).lower()})" for grant in self._record.grants)
        return [said % {"time": self._seconds(self._record.granted_seconds), "spans": spans}]

    def _where(self, grant: Grant) -> str:
        titles = {session.session_id: session.title for session in self._record.schedule.sessions}
        title = titles.get(grant.session_id or "")
        return self._span(grant) if title is None else f"{self._span(grant)}, {title}"

    def _span(self, grant: Grant) -> str:
        day, time = (self._tongue.formats[name] for name in ("format_date", "format_time"))
        first, last = (day(at, self._timezone, "medium") for at in (grant.start, grant.end))
        start, end = (time(at, self._timezone) for at in (grant.start, grant.end))
        return f"{first}, {start} – {end}" if first == last else f"{first}, {start} – {last}, {end}"

    def _way(self, grant: Grant) -> str:
        gettext = self._gettext
        return gettext("In person") if grant.mode is Mode.IN_PERSON else gettext("Remotely")

    def _length(self, grant: Grant) -> str:
        return self._seconds((grant.end - grant.start).total_seconds())

    def _seconds(self, seconds: float) -> str:
        length: str = self._tongue.formats["format_seconds"](seconds)
        return length
