"""Nobody can be named from what ingest leaves on disk; the key that could is kept apart."""

import json
import shutil

import pytest
from workshop import Workshop, conversation, message

from analytics_lib.config import Settings
from analytics_lib.errors import AnalyticsError, RequestError
from analytics_lib.ingest import Source, ingest

PHONE = "3001234567"
SPELLINGS = [PHONE, f"57{PHONE}", f"+57 {PHONE}", "300 123 4567", f"whatsapp:57{PHONE}@c.us"]
MAIL = "ana.garcia@example.com"
PERSONAL = [PHONE, "300 123 4567", MAIL, "4111 1111 1111 1111", "1.032.456.789"]
TEXT = f"soy yo, cel {PHONE}, correo {MAIL}, tarjeta 4111 1111 1111 1111, cédula 1.032.456.789"
# Of everything stored, by table: the texts themselves, for the files are packed.
EVERYTHING = "select * from {}"
TABLES = ("messages", "conversations", "quarantine", "ingested_files")


def everything(shop):
    return "\n".join(
        shop.query(EVERYTHING.format(table)).to_json(date_format="iso", force_ascii=False) for table in TABLES
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """People in every place where they can stand: ids, texts, unknown fields, bad lines, reasons."""
    shop = Workshop(tmp_path_factory.mktemp("filled"))
    good = [
        message(n, user_id=user, text=TEXT, extra={"note": TEXT}, telefono=PHONE, n=int(PHONE))
        for n, user in enumerate(SPELLINGS)
    ]
    bad = [
        message(50, user_id=PHONE, text=TEXT, sent_at=TEXT),
        message(51, user_id=[PHONE]),
        message(52, user_id=PHONE, confidence=TEXT),
        message(53, user_id=PHONE, text={"es": TEXT}),
    ]
    lines = [json.dumps(row).encode() for row in [*good, *bad]] + [
        TEXT.encode(),
        f'{{"user_id":"{PHONE}", '.encode(),
    ]
    path = shop.write("messages.ndjson", b"\n".join(lines))
    report = shop.ingest(path, source=Source("contract", time_zone="UTC", bad_records_allowed=6))
    assert (report.accepted, report.quarantined) == (5, 6)
    heads = [conversation(1, user_id=PHONE, agent_id=MAIL)]
    shop.ingest(shop.write("conversations.ndjson", heads))
    return shop


@pytest.fixture(scope="module")
def stored(filled):
    return everything(filled)


@pytest.mark.parametrize("who", PERSONAL)
def test_no_table_holds_personal_data_raw(stored, who):
    assert who not in stored


@pytest.mark.parametrize("who", PERSONAL)
def test_no_file_of_the_store_holds_personal_data_raw(filled, who):
    assert who.encode() not in filled.stored_bytes()


def test_no_table_holds_a_long_stretch_of_a_number(stored):
    """Neither does a text that was cut keep the half of one."""
    assert not any(part in stored for part in ("3001234", "1234567", "41111111", "032.456", "garcia"))


def test_masked_texts_say_what_was_there(filled):
    texts = {row["text"] for row in filled.rows("messages", "text")}
    assert texts == {"soy yo, cel [phone], correo [email], tarjeta [card], cédula [id]"}


def test_all_spellings_are_one_person_who_is_also_that_of_the_conversation(filled):
    people = filled.query("select user_id from messages union select user_id from conversations")["user_id"]
    assert len(people) == 1


def test_agents_are_hashed_too(filled):
    ((agent,),) = filled.query("select agent_id from conversations").to_numpy()
    assert len(agent) == 32


def test_the_key_is_made_at_first_use_for_its_owner_alone_and_outside_the_store(filled):
    (key,) = filled.settings.keys.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert filled.settings.keys.stat().st_mode & 0o077 == 0
    assert key.read_bytes() not in filled.stored_bytes()
    assert key.read_bytes().hex().encode() not in filled.stored_bytes()


def test_the_same_key_gives_the_same_people_and_another_key_others(shop, tmp_path_factory):
    def person(workshop):
        workshop.ingest(workshop.write("messages.ndjson", [message(1, user_id=PHONE)]))
        return workshop.rows("messages", "user_id")[0]["user_id"]

    first = person(shop)
    twin = Workshop(tmp_path_factory.mktemp("twin"))
    shop.settings.keys.rename(twin.settings.keys)
    assert person(twin) == first
    assert person(Workshop(tmp_path_factory.mktemp("stranger"))) != first


@pytest.mark.parametrize("inside", ["store/keys", "store", "store/../store/keys"])
def test_a_key_inside_the_store_is_a_wrong_request(tmp_path, inside):
    settings = Settings(store=tmp_path / "store", keys=tmp_path / inside)
    with pytest.raises(RequestError, match="lies inside the store"):
        ingest(Source("contract"), [], now=None, settings=settings)
    assert not list(tmp_path.rglob("*.key"))


def test_a_key_that_others_may_read_is_refused(filled, tmp_path):
    shop = Workshop(shutil.copytree(filled.folder, tmp_path / "copy"))
    (key,) = shop.settings.keys.iterdir()
    key.chmod(0o640)
    with pytest.raises(AnalyticsError, match="chmod 600"):
        shop.ingest(shop.write("messages-2.ndjson", [message(90)]))


def test_quarantine_withholds_what_names_a_person(shop):
    times = "'2026-06-01' as occurred_at, 'x' as name"
    select = f"select line, client_id as event_id, client_id as user_id, {times} from raw"
    source = Source("clicks", raw={"client_id": "id", "n": "int"}, tables={"events": select})
    click = {"client_id": "ana.torres", "n": "many", "page": "jeans"}
    shop.ingest(shop.write("clicks.ndjson", [click]), source=source)
    bad = message(1, user_id="ana.torres", displayName="Ana Torres", confidence="high")
    shop.ingest(shop.write("messages.ndjson", [bad]))

    clicks, messages = (row["record"] for row in shop.rows("quarantine", "record, source", "source"))
    assert json.loads(clicks) == {"client_id": "[withheld]", "n": "many", "page": "jeans"}
    assert '"user_id": "[withheld]"' in messages
    assert "ana" not in (clicks + messages).lower()
