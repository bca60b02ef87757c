"""Message files for measurements: contract-shaped NDJSON of any length, made without keeping it in memory."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import orjson

TEXTS = (
    "hola, tienen el jean negro en talla 8?",
    "Sí, lo tenemos disponible. ¿Quieres que te muestre fotos o te digo el precio? 😊",
    "porfa el precio y si hacen envíos a Medellín",
    "El jean skinny negro cuesta $129.900 y el envío a Medellín tarda de 2 a 3 días hábiles.",
    "gracias parce, lo voy a pensar",
)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def write_messages(path: Path, *, lines: int, seed: int = 1, first: int = 0) -> Path:
    """Write ``lines`` messages of half a year, about 15 a conversation, every id different."""
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        for start in range(first, first + lines, 100_000):
            count = min(100_000, first + lines - start)
            confidence = rng.beta(8, 2, count).round(3).tolist()
            seconds = np.sort(rng.integers(0, 181 * 86_400, count)).tolist()
            file.write(b"".join(_line(start + i, seconds[i], confidence[i]) for i in range(count)))
    return path


def _line(number: int, second: int, confidence: float) -> bytes:
    conversation = number // 15
    sender = ("user", "bot")[number % 2]
    return orjson.dumps(
        {
            "message_id": f"m{number:012d}",
            "conversation_id": f"c{conversation:010d}",
            "user_id": f"+573{conversation % 300_000:09d}",
            "sent_at": (START + dt.timedelta(seconds=second)).isoformat(),
            "sender": sender,
            "kind": "text",
            "text": TEXTS[number % len(TEXTS)],
            "intent": "search_product" if sender == "user" else None,
            "confidence": confidence if sender == "user" else None,
            "status": "delivered",
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
