"""The project's example data, ingested whole and compared with an independent reading of the files."""

import gzip

import orjson
import pandas as pd
import pytest
from workshop import ROOT, Workshop

from analytics_lib.ingest import load_source
from once import made_once

DATA = ROOT.parent / "shared" / "data"
FILES = {
    "simple_shop": DATA / "journeys-simple-shop" / "simple-onlineshop.csv.gz",
    "online_retail": DATA / "purchases-online-retail" / "online_retail.csv.gz",
    "star": DATA / "conversations-star" / "star_dialogues_early.jsonl.gz",
    "abcd": DATA / "conversations-abcd-sample" / "abcd_sample.json",
}


def ingested(name, folder):
    if not FILES[name].exists():
        pytest.skip(f"{FILES[name].name} is not here; the data lie in ../shared/data beside the project")
    shop = Workshop(folder)
    return shop, shop.ingest(FILES[name], source=load_source(name, ROOT / "params" / "sources"))


@pytest.fixture(scope="module")
def star(tmp_path_factory):
    """The store of ``tests/metrics/test_star.py`` too."""
    return made_once(tmp_path_factory, "star", lambda folder: ingested("star", folder))


@pytest.fixture(scope="module")
def dialogues():
    """The dialogues of STAR that hold a time."""
    if not FILES["star"].exists():
        pytest.skip("The STAR dialogues are not here; the data lie in ../shared/data beside the project")
    with gzip.open(FILES["star"]) as file:
        read = [orjson.loads(line) for line in file]
    return [d for d in read if any(event.get("UnixTime") is not None for event in d["Events"])]


def test_the_clickstream_is_events_of_3751_users_but_for_the_lost_marks(tmp_path):
    shop, report = ingested("simple_shop", tmp_path)
    assert (report.records, report.accepted, report.duplicates) == (35_381, 32_283, 0)
    assert report.codes == {"LEFT_OUT": 3_098}
    got = shop.query(
        "select count(distinct user_id) as users, count(*) filter (where name = 'lost') as lost from events"
    )
    assert got.to_dict("records") == [{"users": 3_751, "lost": 0}]


def test_the_gift_shop_is_orders_whose_amounts_are_those_of_its_lines(tmp_path):
    shop, report = ingested("online_retail", tmp_path)
    assert (report.records, report.quarantined, report.duplicates) == (541_909, 135_080, 0)
    lines = pd.read_csv(FILES["online_retail"], dtype={"InvoiceNo": str}).dropna(subset="CustomerID")
    expected = (lines["Quantity"] * lines["UnitPrice"]).groupby(lines["InvoiceNo"]).sum().round(2)
    orders = shop.query("select order_id, amount from orders").set_index("order_id")["amount"]
    assert len(orders) == len(expected) == 22_190
    assert (orders - expected).abs().max() < 0.0051
    refunds = orders[orders.index.str.startswith("C")]
    assert len(refunds) > 3_000
    assert (refunds < 0).all()
    assert shop.query("select count(distinct user_id) as n from orders")["n"][0] == 4_372


def test_star_is_3788_conversations_and_111_dialogues_without_a_time(star):
    shop, report = star
    assert (report.records, report.accepted, report.duplicates) == (3_899, 3_788, 0)
    assert report.codes == {"BAD_TIME": 111}
    assert shop.count("conversations") == 3_788


def test_star_has_the_messages_that_were_shown(star, dialogues):
    """User `utter`, Wizard `utter` and `pick_suggestion`, counted from the file itself."""
    shop, _ = star
    shown = [e for d in dialogues for e in d["Events"] if e["Action"] in ("utter", "pick_suggestion")]
    expected = {
        "user": sum(event["Agent"] == "User" for event in shown),
        "bot": sum(event["Agent"] == "Wizard" for event in shown),
    }
    got = shop.query("select sender, count(*) as n from messages group by sender")
    assert dict(zip(got["sender"], got["n"], strict=True)) == expected
    queries = sum(event["Action"] == "query" for d in dialogues for event in d["Events"])
    assert shop.count("actions") == queries


def test_one_in_ten_of_the_timed_star_dialogues_was_abandoned(star, dialogues):
    """12.7 % of all 3,899, for most of those without a time were."""
    shop, _ = star
    abandoned = int(shop.query("select count(*) as n from conversations where outcome = 'abandoned'")["n"][0])
    assert abandoned == sum(d["CompletionLevel"] != "Complete" for d in dialogues)
    assert round(abandoned / 3_788, 3) == 0.101
    with gzip.open(FILES["star"]) as file:
        every = [orjson.loads(line)["CompletionLevel"] != "Complete" for line in file]
    assert round(sum(every) / len(every), 3) == 0.127


def test_the_sample_of_abcd_is_three_chats(tmp_path):
    shop, report = ingested("abcd", tmp_path)
    assert (report.records, report.accepted, shop.count("conversations")) == (3, 3, 3)
