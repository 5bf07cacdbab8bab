"""The register of processing (GDPR, article 30): what is done with personal data here, and what for.

The texts are what the program does; the periods are those that the retention deletes by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.chassis.pages.languages import mark
from services.registration.application.retention import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity of processing, in sentences to be translated.

    `kept` are the rules that delete its data, by their purposes; `besides` is what is not deleted by a rule.
    """

    key: str
    name: str
    purpose: str
    basis: str
    people: str
    data: str
    recipients: str
    kept: Sequence[str] = ()
    besides: Sequence[str] = ()


GUEST_NAMES: Final = "guest_names"
DELIVERIES: Final = "deliveries"
DOOR_COUNTS: Final = "door_counts"
"""Rules of the bridge, which is asked for their periods."""
DEAD_LETTERS: Final = "dead_letters"
IMPORTED_FILES: Final = "imported_files"
"""What is deleted by others than the retention: Kafka, and the import itself."""

WHAT: Final = {
    Kept.PARTICIPANTS.value: mark("Names, addresses, answers, consents, chosen sessions, signatures and contests"),
    Kept.TRAINING_PROOF.value: mark("The same, where attendance of a training must be proved"),
    Kept.COFUNDED_TRAINING_PROOF.value: mark("The same, for a training that a European or regional fund pays for too"),
    Kept.NEEDS.value: mark("Accessibility needs"),
    Kept.IMPORTS.value: mark("Reports of imports, numbers of orders, access to ticket shops"),
    Kept.LETTERS.value: mark("Which letters were sent"),
    Kept.AUDIT_LOG.value: mark("The audit log, and the labels of desk links"),
    Kept.ACCESS.value: mark("Sessions and sign-in links"),
    Kept.ANSWERS.value: mark("Answers kept in case a program repeats its request"),
    GUEST_NAMES: mark("Names that guests give in online rooms"),
    DELIVERIES: mark("Messages of the video platforms, under digests"),
    DEAD_LETTERS: mark("Messages that could not be read, sealed"),
    DOOR_COUNTS: mark("How many messages of the video platforms came, and why some were refused"),
    IMPORTED_FILES: mark("Files that were imported"),
}
"""What each rule is about."""
COUNTED_FROM: Final = {
    "end_of_event": mark("after the end of the event"),
    "made": mark("after it was written"),
    "expired": mark("after it expired"),
    "first_seen": mark("after they were first seen"),
}

_CONTRACT: Final = mark("Contract: it is needed to take part in the event (article 6.1.b)")
_CONSENT: Final = mark("Consent, for each purpose apart, which can be taken back at any time (article 6.1.a)")
_PROOF: Final = mark(
    "Contract (article 6.1.b); for a training the legal obligation to prove it (article 6.1.c; in France"
    " Code du travail, articles L6362-5, L6362-6 and R6313-3)"
)
_INTEREST: Final = mark("Legitimate interest in an event that works and in traceable administration (article 6.1.f)")
_FACTS_STAY: Final = mark(
    "Facts under random numbers stay: once the name is deleted, nothing here leads back from them"
)
_PARTICIPANTS: Final = mark("Participants, and those who register others")
_ORGANIZERS: Final = mark("Organizers of the event")

ACTIVITIES: Final = (
    Activity(
        key="registrations",
        name=mark("Registrations"),
        purpose=mark("Registering people for events, giving out seats, welcoming them, and writing to them about it"),
        basis=_CONTRACT,
        people=_PARTICIPANTS,
        data=mark(
            "Name, e-mail address, language, way of taking part, answers to questions of the event, chosen sessions,"
            " places on waiting lists, ticket; which letters were sent (not their words)"
        ),
        recipients=mark(
            "Organizers of the event; volunteers at its doors (names, without addresses); the video platform (the"
            " name that somebody is shown by); the host of the mail server"
        ),
        kept=(Kept.PARTICIPANTS, Kept.LETTERS, Kept.ANSWERS),
    ),
    Activity(
        key="needs",
        name=mark("Accessibility needs"),
        purpose=mark("Making it possible for everybody to take part"),
        basis=mark("Explicit consent: who writes down a need may leave it out (articles 6.1.a and 9.2.a)"),
        people=mark("Participants who tell a need; it may reveal something about their health"),
        data=mark("What they wrote, kept apart from the list of registrations and from all exports of it"),
        recipients=_ORGANIZERS,
        kept=(Kept.NEEDS,),
    ),
    Activity(
        key="attendance",
        name=mark("Attendance"),
        purpose=mark("Establishing who attended, in the room or remotely, and for how long; certificates"),
        basis=_PROOF,
        people=mark("Participants"),
        data=mark(
            "Scans of tickets and connections to online rooms, with their times, under random numbers; the names"
            " that belong to the numbers; which documents were issued, as digests"
        ),
        recipients=mark(
            "Organizers of the event; analysts (random numbers alone); whoever funds or controls a training"
        ),
        kept=(Kept.PARTICIPANTS, Kept.TRAINING_PROOF, Kept.COFUNDED_TRAINING_PROOF, DELIVERIES),
        besides=(_FACTS_STAY,),
    ),
    Activity(
        key="signatures",
        name=mark("Attendance sheets and signatures"),
        purpose=mark("Proving half-day by half-day who was there, by their signature"),
        basis=_PROOF,
        people=mark("Participants who sign on a screen, or attest that they took part remotely"),
        data=mark(
            "The strokes of the signature, or the name that was typed, sealed; when it was given, and at which desk. "
            "Sheets name everybody with a seat"
        ),
        recipients=mark("Organizers of the event; whoever funds or controls a training, on the sheets"),
        kept=(Kept.PARTICIPANTS, Kept.TRAINING_PROOF, Kept.COFUNDED_TRAINING_PROOF),
    ),
    Activity(
        key="contests",
        name=mark("Contests of attendance"),
        purpose=mark("Letting people say that their attendance is not what is known of it, and answering them"),
        basis=mark(
            "The right to have data corrected (article 16), which is a legal obligation (article 6.1.c); contract"
            " (article 6.1.b)"
        ),
        people=mark("Participants who contest their attendance"),
        data=mark(
            "What they write, which may tell of their health, and the reason of the answer, sealed; when they say that"
            " they were there, and the time that was granted, under random numbers"
        ),
        recipients=mark(
            "Organizers of the event; whoever is shown a certificate, for granted time alone: what was written is on"
            " none"
        ),
        kept=(Kept.PARTICIPANTS, Kept.TRAINING_PROOF, Kept.COFUNDED_TRAINING_PROOF),
        besides=(_FACTS_STAY,),
    ),
    Activity(
        key="guests",
        name=mark("Guests in online rooms"),
        purpose=mark("Finding out which participant somebody in an online room is"),
        basis=_INTEREST,
        people=mark("People in an online room who did not come by their personal link"),
        data=mark(
            "The name that they gave, and until it is known who they are the address and the number under which the "
            "platform knows them, sealed; a keyed digest of what the platform knows them by"
        ),
        recipients=_ORGANIZERS,
        kept=(GUEST_NAMES, IMPORTED_FILES),
    ),
    Activity(
        key="volunteers",
        name=mark("Volunteers’ hours"),
        purpose=mark("Showing in the annual accounts what volunteers gave; certificates for them"),
        basis=_INTEREST,
        people=mark("Volunteers whose name an organizer wrote down"),
        data=mark("Name, day, task and time; once the name is deleted the hours stay, which are about nobody then"),
        recipients=_ORGANIZERS,
        kept=(Kept.PARTICIPANTS,),
    ),
    Activity(
        key="consents",
        name=mark("News, photos and recordings"),
        purpose=mark("Sending news by e-mail; publishing photos and recordings on which people can be recognised"),
        basis=_CONSENT,
        people=mark("Participants who consent"),
        data=mark("Each consent and withdrawal, with its time and the wording that was read"),
        recipients=_ORGANIZERS,
        kept=(Kept.PARTICIPANTS,),
        besides=(mark("What rests on a consent ends when it is withdrawn"),),
    ),
    Activity(
        key="imports",
        name=mark("Imports and ticket shops"),
        purpose=mark("Taking over registrations that were made elsewhere"),
        basis=_CONTRACT,
        people=mark("Participants who registered elsewhere"),
        data=mark(
            "What a file or an order says of them, the numbers of order and ticket, and access to the shop, sealed"
        ),
        recipients=mark("Organizers of the event; the ticket shop, which had the data before"),
        kept=(IMPORTED_FILES, Kept.IMPORTS),
    ),
    Activity(
        key="accounts",
        name=mark("Organizers and volunteers"),
        purpose=mark("Letting those in who run events, and nobody else; telling who did what"),
        basis=_INTEREST,
        people=mark("Organizers, analysts, volunteers at the doors"),
        data=mark(
            "Name, e-mail address, language, roles, passkeys, sessions and the kind of device; labels of desk links;"
            " the audit log, in numbers alone"
        ),
        recipients=mark("Organizers"),
        kept=(Kept.ACCESS, Kept.AUDIT_LOG),
        besides=(mark("An account stays until it is deleted"),),
    ),
    Activity(
        key="agenda",
        name=mark("Public agenda"),
        purpose=mark("Announcing events"),
        basis=_INTEREST,
        people=mark("Speakers; whoever answers for the data of an event"),
        data=mark("Names of speakers, and the contact, as they are published"),
        recipients=mark("Everybody"),
        besides=(mark("As long as the event is published here"),),
    ),
    Activity(
        key="operation",
        name=mark("Operation and security"),
        purpose=mark("Mending what could not be read, warding off abuse"),
        basis=_INTEREST,
        people=mark("Everybody who uses Passerelle"),
        data=mark("Sealed messages; counts of requests by network address, in memory for an hour. Logs hold no names"),
        recipients=mark("Whoever runs the installation"),
        kept=(DEAD_LETTERS,),
    ),
)

MEASURES: Final = (
    mark("Facts travel and are kept under random numbers; names stand in one database, apart from them."),
    mark("Secrets, guests’ names and stored messages are encrypted with keys derived from the installation’s key."),
    mark("No passwords: passkeys, one-time links, or the organization’s own sign-in. Roles are given for each event."),
    mark("Desks keep names sealed on the device, until a day after the event."),
    mark("Whoever erases or takes along data, and whatever changes, stands in the audit log."),
    mark("Erasure reaches every database; what is deleted is overwritten (SQLite) or cleared by and by (PostgreSQL)."),
    mark("What is past its period is deleted every night; this page shows the periods that are in force."),
    mark("To be added by whoever runs the installation: encrypted disks, backups that expire within a month, HTTPS."),
)
"""Measures of security, as sentences to be translated."""
