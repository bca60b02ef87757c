"""A quote that is not closed must not swallow the rows after it."""

import pytest
from workshop import CONTRACT

from analytics_lib.ingest import Source

HEADER = b"message_id,conversation_id,user_id,sent_at,sender,kind,text\n"
LENIENT = Source("contract", time_zone="UTC", bad_share_limit=1.0)


def rows(count, **texts):
    lines = [f"m{n},c,u,2026-06-01T00:00:00Z,user,text,{texts.get(f'm{n}', 'hola')}\n" for n in range(count)]
    return HEADER + "".join(lines).encode()


@pytest.mark.parametrize("closing", [{}, {"m300": 'y"'}])
def test_rows_behind_an_unclosed_quote_are_counted_and_refused_loudly(shop, closing):
    path = shop.write("messages.csv", rows(500, m100='"x', **closing))

    refused = shop.ingest(path, source=CONTRACT)
    assert (refused.status, "TOO_MANY_BAD" in refused.reason) == ("refused", True)

    taken = shop.ingest(path, source=LENIENT)
    assert taken.records == 500
    assert taken.quarantined == (400 if not closing else 201)


def test_text_of_several_lines_is_one_field(shop):
    report = shop.ingest(shop.write("messages.csv", rows(3, m1='"una línea\ny otra, con coma"')))

    assert (report.accepted, report.quarantined) == (3, 0)
    assert shop.rows("messages", "message_id, text", "message_id")[1]["text"] == "una línea\ny otra, con coma"
