"""API keys at rest: encrypted, rotated, and never shown."""

from __future__ import annotations

import copy
import json
import pickle
from io import StringIO
from typing import Any

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.models import model_to_dict
from hypothesis import given
from hypothesis import strategies as st

from credentials_accredible import api
from credentials_accredible.exceptions import ConfigurationError, KeyUnreadable
from credentials_accredible.models import AccredibleAPIConfig
from credentials_accredible.secrets import Secret
from tests import factories
from tests.conftest import PluginSettings

KEY = "a-key-that-nobody-may-see-1234"


def stored_values() -> list[str]:
    """What the database holds in place of keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM credentials_accredible_accredibleapiconfig ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


@given(st.text(min_size=1).filter(lambda text: "\ud800" not in text))
def test_a_key_comes_back_as_it_went_in(text: str) -> None:
    assert Secret(token=Secret(plain=text).encrypted()).reveal() == text


@given(st.text(alphabet="abcdefghij", min_size=13), st.integers(0, 5))
def test_a_hint_shows_four_characters_and_no_more(text: str, padding: int) -> None:
    assert Secret(plain=text).hint.lstrip("•") == text[-4:]


@pytest.mark.parametrize("text", ["", "x", "1234", "123456789012"])
def test_a_short_key_has_no_hint(text: str) -> None:
    assert not set(Secret(plain=text).hint) & set("x0123456789")


def test_a_secret_does_not_show_itself() -> None:
    for secret in (Secret(plain=KEY), Secret(token=Secret(plain=KEY).encrypted())):
        shown = f"{secret} {secret!r} {[secret]} {pickle.dumps(secret)!r} {copy.deepcopy(secret)!r}"
        assert KEY not in shown
        assert KEY[:-4] not in shown + secret.hint
        assert pickle.loads(pickle.dumps(secret)).reveal() == KEY


@pytest.mark.django_db
class TestStoredKeys:
    def test_the_database_holds_no_key_in_the_clear(self) -> None:
        factories.make_config(key=KEY)

        (stored,) = stored_values()

        assert KEY not in stored
        assert Secret(token=stored).reveal() == KEY

    def test_what_is_assigned_is_a_secret_at_once(self) -> None:
        config = AccredibleAPIConfig(name="New", api_key=KEY)
        config.api_key = KEY

        assert KEY not in repr(config.__dict__)
        assert config.api_key.reveal() == KEY

    def test_fixtures_hold_no_key_and_load_without_one(self) -> None:
        config = factories.make_config("Main", key=KEY)
        [stored] = stored_values()
        out = StringIO()

        call_command("dumpdata", "credentials_accredible", stdout=out)
        config.delete()
        for item in serializers.deserialize("json", out.getvalue()):
            item.save()

        assert KEY not in out.getvalue()
        assert stored not in out.getvalue()
        [fixture] = [
            item for item in json.loads(out.getvalue()) if item["model"] == "credentials_accredible.accredibleapiconfig"
        ]
        assert fixture["fields"]["api_key"] == ""
        loaded = AccredibleAPIConfig.objects.get(name="Main")
        assert not loaded.api_key
        assert "has no API key" in api.sync(loaded).error

    @pytest.mark.parametrize("serializer", ["json", "python", "xml", "jsonl"])
    def test_no_serializer_shows_the_key_or_its_encrypted_form(self, serializer: str) -> None:
        config = factories.make_config(key=KEY)

        shown = str(serializers.serialize(serializer, [config]))

        assert KEY not in shown
        assert stored_values()[0] not in shown

    def test_a_model_as_a_dict_shows_no_key(self) -> None:
        config = factories.make_config(key=KEY)

        assert KEY not in f"{model_to_dict(config)} {list(AccredibleAPIConfig.objects.values())}"

    def test_a_deferred_key_is_read_when_it_is_needed(self) -> None:
        factories.make_config(key=KEY)

        assert AccredibleAPIConfig.objects.defer("api_key").get().api_key.reveal() == KEY


@pytest.mark.django_db
class TestRotation:
    def test_a_lost_encryption_key_gives_an_error_that_names_the_setting(self, settings: Any) -> None:
        config = factories.make_config(key=KEY)
        settings.SECRET_KEY = "another"

        outcome = api.sync(AccredibleAPIConfig.objects.get(pk=config.pk))

        assert "cannot be decrypted" in outcome.error
        assert "CREDENTIALS_ACCREDIBLE['ENCRYPTION_KEYS']" in outcome.error

    def test_an_old_encryption_key_still_decrypts(self, plugin_settings: PluginSettings) -> None:
        plugin_settings(ENCRYPTION_KEYS=["old"])
        factories.make_config(key=KEY)
        plugin_settings(ENCRYPTION_KEYS=["new", "old"])

        assert AccredibleAPIConfig.objects.get().api_key.reveal() == KEY

    def test_secret_key_fallbacks_decrypt_where_no_key_is_set(self, settings: Any) -> None:
        factories.make_config(key=KEY)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"

        assert AccredibleAPIConfig.objects.get().api_key.reveal() == KEY

    def test_after_reencrypting_the_old_encryption_key_is_needed_no_more(self, plugin_settings: PluginSettings) -> None:
        plugin_settings(ENCRYPTION_KEYS=["old"])
        factories.make_config(key=KEY)
        factories.make_config(key="")
        plugin_settings(ENCRYPTION_KEYS=["new", "old"])
        out = StringIO()

        call_command("accredible_reencrypt", stdout=out)

        plugin_settings(ENCRYPTION_KEYS=["new"])
        assert "1 API key" in out.getvalue()
        assert AccredibleAPIConfig.objects.earliest("pk").api_key.reveal() == KEY

    def test_reencrypting_changes_nothing_where_one_key_cannot_be_decrypted(
        self, plugin_settings: PluginSettings
    ) -> None:
        plugin_settings(ENCRYPTION_KEYS=["old"])
        factories.make_config(key=KEY)
        plugin_settings(ENCRYPTION_KEYS=["lost"])
        factories.make_config("Unlucky", key=KEY)
        plugin_settings(ENCRYPTION_KEYS=["new", "old"])
        before = stored_values()

        with pytest.raises(CommandError, match=r"“Unlucky”.*ENCRYPTION_KEYS.*No key was changed"):
            call_command("accredible_reencrypt")

        assert stored_values() == before

    def test_a_key_that_is_entered_meanwhile_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        config = factories.make_config(key=KEY)
        reencrypted = Secret.reencrypted

        def enter_another(self: Secret) -> Secret:
            other = AccredibleAPIConfig.objects.get(pk=config.pk)
            other.api_key = "entered-meanwhile-1"
            other.save()
            return reencrypted(self)

        monkeypatch.setattr(Secret, "reencrypted", enter_another)
        api.reencrypt_keys()

        assert AccredibleAPIConfig.objects.get().api_key.reveal() == "entered-meanwhile-1"

    @pytest.mark.parametrize("keys", [[], "one-string", [""], [1], 5])
    def test_encryption_keys_of_a_wrong_form_are_named(self, plugin_settings: PluginSettings, keys: Any) -> None:
        plugin_settings(ENCRYPTION_KEYS=keys)

        with pytest.raises(ConfigurationError, match=r"ENCRYPTION_KEYS.*list of one or more secrets"):
            Secret(plain=KEY).encrypted()

    def test_a_value_that_was_tampered_with_is_unreadable(self) -> None:
        with pytest.raises(KeyUnreadable):
            Secret(token=Secret(plain=KEY).encrypted()[:-4] + "AAAA").reveal()
