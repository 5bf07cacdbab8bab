from pathlib import Path

import pytest

from services.chassis.settings import SettingsError
from services.registration.settings import RegistrationSettings, SmtpServer
from tests.builders import settings_for

SENDER = "Colloque <tickets@example.org>"


def test_a_mail_server_is_read_from_its_address(tmp_path: Path) -> None:
    url = "smtps://jo%40example.org:p%3Ass@mail.example.org"
    settings = settings_for(RegistrationSettings, data_dir=tmp_path, smtp_url=url, mail_sender=SENDER)
    assert settings.smtp_server == SmtpServer(
        host="mail.example.org", port=465, encrypted=True, username="jo@example.org", password="p:ss"
    )
    assert "p%3Ass" not in repr(settings)


@pytest.mark.parametrize(
    "url,start_tls",
    [
        ("smtp://mail.example.org", None),
        ("smtp://jo:secret@mail.example.org", True),
        ("smtp://jo:secret@127.0.0.1:25", False),
        ("smtps://jo:secret@mail.example.org", False),
    ],
)
def test_a_password_goes_only_over_an_encrypted_connection(url: str, start_tls: bool | None) -> None:
    assert SmtpServer.parse(url).start_tls is start_tls


@pytest.mark.parametrize(
    "given,line",
    [
        ({"smtp_url": "mail.example.org"}, "PASSERELLE_SMTP_URL: must be a mail server such as"),
        ({"smtp_url": "smtp://jo@mail.example.org"}, "PASSERELLE_SMTP_URL: must be a mail server such as"),
        ({"smtp_url": "smtp://mail.example.org:port"}, "PASSERELLE_SMTP_URL: must be a mail server such as"),
        ({"smtp_url": "smtp://mail.example.org", "mail_sender": None}, "PASSERELLE_MAIL_SENDER: must be whom letters"),
        ({"mail_sender": "somebody"}, "PASSERELLE_MAIL_SENDER: must be whom letters"),
        ({"registrations_per_address": 0}, "PASSERELLE_REGISTRATIONS_PER_ADDRESS: must be a whole number"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_without_its_value(
    tmp_path: Path, given: dict[str, object], line: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        settings_for(RegistrationSettings, data_dir=tmp_path, **({"mail_sender": SENDER} | given))
    (told,) = wrong.value.problems
    assert told.startswith(line)
