"""What letters say, by kind, in the language of whom they are for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.registration.adapters.letters.languages import Tongue
from services.registration.application.ports import Participant
from services.registration.domain.documents import DocumentKind
from services.registration.domain.event import Event
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.seats import Mode, SeatStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The subject of a letter, and its paragraphs."""

    subject: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a letter is about."""

    letter: Letter
    event: Event
    participant: Participant
    tongue: Tongue

    def gettext(self, sentence: str) -> str:
        """A sentence in the language of the letter."""
        return self.tongue.texts.gettext(sentence)

    def subject(self, template: str) -> str:
        """A subject with the title of the event."""
        return template % {"event": self.event.title}


def words_of(occasion: Occasion) -> Words:
    """What the letter says."""
    return _WORDS[occasion.letter.kind](occasion)


def _as_it_stands(occasion: Occasion) -> Words:
    """Where the registration stands: with a seat in the room, with a remote one, or without."""
    gettext, seat = occasion.gettext, occasion.participant.registration
    if seat.status is SeatStatus.WAITLISTED:
        return _waitlisted(occasion)
    if seat.status is not SeatStatus.CONFIRMED:
        return Words(subject=occasion.subject(gettext("Your registration: %(event)s")), paragraphs=())
    if seat.mode is Mode.REMOTE:
        place = occasion.participant.positions.get(Mode.IN_PERSON)
        waits = gettext("You keep your place on the waiting list for the room: you are number %(place)s.")
        return Words(
            subject=occasion.subject(gettext("You take part remotely: %(event)s")),
            paragraphs=(
                gettext(
                    "You take part remotely. The link below leads you into the meeting, and is yours alone. If you are "
                    "asked for your name there, give the one that you registered with, so that your attendance counts."
                ),
                *([waits % {"place": place}] if place else []),
            ),
        )
    return Words(
        subject=occasion.subject(gettext("Your ticket: %(event)s")),
        paragraphs=(
            gettext(
                "You have a seat in the room. Your ticket is below and attached: show it at the door, on your phone or "
                "on paper."
            ),
        ),
    )


def _waitlisted(occasion: Occasion) -> Words:
    gettext, place = occasion.gettext, occasion.participant.waitlist_position
    stands = gettext("All seats are taken for now. You are number %(place)s on the waiting list.") % {
        "place": place or 1
    }
    later = gettext("We write to you as soon as there is a seat for you.")
    paragraphs = [f"{stands} {later}"]
    if occasion.participant.registration.mode is not Mode.REMOTE:
        paragraphs.append(gettext("Your personal page tells you whether you can take part remotely instead."))
    return Words(
        subject=occasion.subject(gettext("You are on the waiting list: %(event)s")), paragraphs=tuple(paragraphs)
    )


def _seat_offered(occasion: Occasion) -> Words:
    gettext, until = occasion.gettext, occasion.letter.about.get("until")
    if until is None:
        kept = gettext("A seat came free, and it is kept for you.")
    else:
        write = occasion.tongue.formats["format_datetime"]
        instant = write(datetime.fromisoformat(until), occasion.event.timezone)
        kept = gettext("A seat came free, and it is kept for you until %(until)s.") % {"until": instant}
    take = gettext("Take it, or leave it to the next person, on your personal page.")
    return Words(subject=occasion.subject(gettext("A seat is free for you: %(event)s")), paragraphs=(f"{kept} {take}",))


def _offer_expired(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    gone = gettext("The seat that was kept for you was not taken in time, and has gone to the next person.")
    where = gettext("Your personal page shows where your registration stands now.")
    if occasion.participant.registration.status is SeatStatus.CANCELLED:
        where = gettext("Your registration has ended with that; you can register again.")
    return Words(
        subject=occasion.subject(gettext("The seat is no longer kept for you: %(event)s")),
        paragraphs=(f"{gone} {where}",),
    )


def _seat_confirmed(occasion: Occasion) -> Words:
    stands = _as_it_stands(occasion)
    subject = occasion.subject(occasion.gettext("You have a seat: %(event)s"))
    return Words(subject=subject, paragraphs=stands.paragraphs)


def _mode_changed(occasion: Occasion) -> Words:
    stands = _as_it_stands(occasion)
    changed = occasion.gettext("The way you take part has changed; this letter replaces the earlier ones.")
    if "released" in occasion.letter.about:
        changed = occasion.gettext("You had not come by the time set for it, so your seat was given to somebody else.")
    return Words(subject=stands.subject, paragraphs=(changed, *stands.paragraphs))


def _cancelled(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    return Words(
        subject=occasion.subject(gettext("Your registration is cancelled: %(event)s")),
        paragraphs=(
            gettext("Your registration is cancelled, and your ticket is no longer valid."),
            gettext("If you did not want that, register again, or tell the organizer."),
        ),
    )


def _sessions_changed(occasion: Occasion) -> Words:
    gettext, given = occasion.gettext, occasion.letter.about.get("given")
    title = next((session.title for session in occasion.event.sessions if session.session_id == given), None)
    changed = gettext("The sessions you are registered for have changed. What holds now is below.")
    if title is not None:
        changed = gettext("A seat came free in a session that you waited for, and it is yours: %(session)s.")
        changed %= {"session": title}
    replaces = gettext("The calendar entries attached replace the earlier ones.")
    return Words(
        subject=occasion.subject(gettext("Your sessions: %(event)s")),
        paragraphs=(f"{changed} {replaces}", gettext("You can change your choice on your personal page.")),
    )


def _event_changed(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    changed = gettext("The organizer has changed this event. What holds now is below.")
    stays = gettext("Your registration stays as it is, and the calendar entry attached replaces the earlier one.")
    return Words(
        subject=occasion.subject(gettext("Changed: %(event)s")),
        paragraphs=(f"{changed} {stays}", *_as_it_stands(occasion).paragraphs),
    )


def _event_cancelled(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    return Words(
        subject=occasion.subject(gettext("Does not take place: %(event)s")),
        paragraphs=(gettext("This event does not take place. You need not do anything."),),
    )


def _reminder(occasion: Occasion) -> Words:
    stands = _as_it_stands(occasion)
    subject = occasion.subject(occasion.gettext("Soon: %(event)s"))
    return Words(subject=subject, paragraphs=stands.paragraphs)


def _link_again(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    again = gettext("This address was just given again to register for this event; it was probably you.")
    here = gettext("You are registered already, and nothing was changed: here is your personal link again.")
    return Words(
        subject=occasion.subject(gettext("Your personal link: %(event)s")),
        paragraphs=(f"{again} {here}", *_as_it_stands(occasion).paragraphs),
    )


def _document_issued(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    subject = gettext("Your certificate of attendance: %(event)s")
    if occasion.letter.about.get("kind") == DocumentKind.COMPLETION_CERTIFICATE:
        subject = gettext("Your certificate of completion: %(event)s")
    return Words(
        subject=occasion.subject(subject),
        paragraphs=(
            gettext("Your certificate is on your personal page, as a PDF file to keep or to send on."),
            gettext("Whoever gets it from you can check by its code that it is genuine."),
        ),
    )


def _contest_answered(occasion: Occasion) -> Words:
    gettext = occasion.gettext
    told = {
        "upheld": gettext("You contested your attendance, and the organizer agrees: time was granted to you."),
        "refused": gettext("You contested your attendance, and the organizer sees it otherwise."),
    }.get(
        occasion.letter.about.get("outcome", ""),
        gettext("The answer to what you contested of your attendance was taken back: it is looked at again."),
    )
    return Words(
        subject=occasion.subject(gettext("Your attendance: %(event)s")),
        paragraphs=(told, gettext("The answer, and what counts now, are on your personal page under “Attendance”.")),
    )


_WORDS: Final[Mapping[LetterKind, Callable[[Occasion], Words]]] = {
    LetterKind.CONTEST_ANSWERED: _contest_answered,
    LetterKind.REGISTERED: _as_it_stands,
    LetterKind.WAITLISTED: _waitlisted,
    LetterKind.SEAT_OFFERED: _seat_offered,
    LetterKind.OFFER_EXPIRED: _offer_expired,
    LetterKind.SEAT_CONFIRMED: _seat_confirmed,
    LetterKind.MODE_CHANGED: _mode_changed,
    LetterKind.CANCELLED: _cancelled,
    LetterKind.SESSIONS_CHANGED: _sessions_changed,
    LetterKind.EVENT_CHANGED: _event_changed,
    LetterKind.EVENT_CANCELLED: _event_cancelled,
    LetterKind.REMINDER: _reminder,
    LetterKind.LINK_AGAIN: _link_again,
    LetterKind.DOCUMENT_ISSUED: _document_issued,
}
