"""Which field a column of a file holds, known by its heading in French or English, as people and platforms call it."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.chassis.pages.languages import mark
from services.registration.adapters.rows import searchable

FIELDS: Final[Mapping[str, str]] = {
    "name": mark("First and last name"),
    "first_name": mark("First name"),
    "last_name": mark("Last name"),
    "email": mark("E-mail address"),
    "mode": mark("Mode"),
    "language": mark("Language"),
    "headcount": mark("Number of people"),
    "needs": mark("Accessibility needs"),
    "external_id": mark("Number given elsewhere"),
    "sessions": mark("Sessions"),
}
"""What a column may hold, in the order in which people choose."""

_HEADINGS: Final = {
    "name": "nom complet;nom et prenom;prenom et nom;name;full name;participant;attendee name;first and last name;nom",
    "first_name": "prenom;first name;firstname;given name;prenom participant;prenom du participant",
    "last_name": "nom de famille;last name;lastname;surname;family name;nom participant;nom du participant",
    "email": (
        "e-mail;email;mail;courriel;adresse e-mail;adresse email;adresse mail;adresse de messagerie;e-mail address;"
        "email address;attendee email;attendee e-mail;email participant;email acheteur;email payeur;order email"
    ),
    "mode": "mode;participation;mode de participation;attendance mode;type de participation",
    "language": "langue;language;lang;locale",
    "headcount": "nombre de personnes;number of people;headcount;effectif",
    "needs": "besoins d'accessibilite;accessibility needs;besoins;needs;accessibility",
    "external_id": (
        "id;identifiant;reference;external id;numero de billet;numero du billet;ticket number;id billet;"
        "order position id;position id;number given elsewhere"
    ),
    "sessions": "sessions;session;seances;seance;ateliers;atelier;workshops;workshop",
}
_KNOWN: Final = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split(";")}


def match_columns(headings: Sequence[str]) -> list[str]:
    """The field of each column, "" where none is recognised; the first column that fits a field has it.

    `Nom` beside `Prénom` is the last name, by itself the whole.
    """
    found: list[str] = []
    for heading in headings:
        plain = " ".join(searchable(heading).replace("’", "'").replace("_", " ").split())
        field = _KNOWN.get(plain, "")
        found.append("" if field in found else field)
    if "first_name" in found and "last_name" not in found and "name" in found:
        found[found.index("name")] = "last_name"
    return found


def names_people(columns: Sequence[str]) -> bool:
    """Whether there is a column of names."""
    return "name" in columns or "last_name" in columns
