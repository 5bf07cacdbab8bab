"""Ticket codes, as people say and type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.tickets import (
    LENGTH,
    not_a_ticket,
    read_ticket,
    spell,
    ticket_from_bits,
    ticket_of_another,
)
from services.registration.domain.typed_codes import ALPHABET


@given(st.integers(min_value=0, max_value=2**60 - 1))
def test_a_code_is_read_back_as_it_was_spelled(bits: int) -> None:
    ticket = ticket_from_bits(bits)
    assert len(ticket) == LENGTH
    assert set(ticket) <= set(ALPHABET)
    assert read_ticket(spell(ticket)) == ticket
    assert read_ticket(f" {spell(ticket).lower()}\n") == ticket


@given(st.integers(min_value=0, max_value=2**60 - 1), st.integers(min_value=0, max_value=2**60 - 1))
def test_different_bits_give_different_codes(one: int, other: int) -> None:
    assert (one == other) == (ticket_from_bits(one) == ticket_from_bits(other))


@pytest.mark.parametrize(
    "typed",
    ["0123-4567-89AB", "o123 4567 89ab", "O12345678-9AB", "oI23–4567–89ab", "0L23.4567.89ab", "\u00a00123456789aB"],
)
def test_misread_letters_case_and_separators_do_not_matter(typed: str) -> None:
    assert read_ticket(typed) == "0123456789AB"


@pytest.mark.parametrize("typed", ["", "0123-4567-89A", "0123-4567-89ABC", "0123-4567-89AU", "Léa Martin", "🎫" * 12])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_ticket(typed) is None


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(typed: str) -> None:
    code = read_ticket(typed)
    assert code is None or len(code) == LENGTH


def test_a_ticket_of_another_office_has_a_code_of_its_own_at_each_event() -> None:
    scanned = "z3fsn8jyufm5kpk768q69gkbyr5f4h6w"
    code = ticket_of_another("evt_1", scanned)
    assert code == ticket_of_another("evt_1", f" {scanned}\n") == read_ticket(code or "")
    assert code != ticket_of_another("evt_2", scanned)


@pytest.mark.parametrize("typed", ["", "Marie-Antoinette", "Léa Martin 2e année", "0123-4567-89AB", "a" * 301 + "1"])
def test_names_and_our_own_codes_are_no_tickets_of_another_office(typed: str) -> None:
    assert ticket_of_another("evt_1", typed) is None


@pytest.mark.parametrize(
    "scanned,kind",
    [
        (" https://example.org/programme", "web_link"),
        ("begin:vcard\nVERSION:4.0\nFN:Anne", "contact_card"),
        ("mailto:anne@example.org", "other_code"),
        ("0123-4567-89AB", None),
        ("z3fsn8jyufm5kpk768q69gkbyr5f4h6w", None),
        ("Smith", None),
    ],
)
def test_what_is_plainly_something_else_is_named(scanned: str, kind: str | None) -> None:
    assert not_a_ticket(scanned) == kind
