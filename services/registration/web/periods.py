"""Periods of retention in words, as pages tell them."""

from babel.support import NullTranslations

from services.chassis.periods import Period, Unit


def worded(period: Period, texts: NullTranslations) -> str:
    """A period: `3 years`, `18 mois`."""
    forms = {
        Unit.DAY: texts.ngettext("%(num)s day", "%(num)s days", period.count),
        Unit.MONTH: texts.ngettext("%(num)s month", "%(num)s months", period.count),
        Unit.YEAR: texts.ngettext("%(num)s year", "%(num)s years", period.count),
    }
    return str(forms[period.unit]) % {"num": period.count}
