"""How well sentiment is scored, on hand-labelled messages, and how fast; beside plain sums of word lists.

    python bench/sentiment.py

Macro-F1 over negative, neutral and positive (a text in which no word is known counts as neutral here, and is
shown apart in the confusion table); messages marked as irony are reported apart. The word lists are summed
word by word, without negation, intensity, phrases or emoji rules: AFINN in Spanish and English where
../shared/data is there, and our own lexicon's single words.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sklearn.metrics import f1_score

from analytics_lib.simulate import phrases
from analytics_lib.text.language import languages
from analytics_lib.text.lexicon import spanish_lexicon
from analytics_lib.text.normalize import normalise, words
from analytics_lib.text.sentiment import score_english, score_spanish, sentiments

HERE = Path(__file__).parent
LABELLED = HERE.parent / "tests" / "text" / "labelled_messages.tsv"
DATA = HERE.parents[1] / "shared" / "data"
AFINN = DATA / "lexicon-es-afinn"
STAR = DATA / "conversations-star" / "star_dialogues_early.jsonl.gz"
CLASSES = ["negative", "neutral", "positive"]
Scorer = Callable[[pd.Series], pd.Series]


def labelled() -> pd.DataFrame:
    return pd.read_csv(LABELLED, sep="\t", keep_default_na=False, quoting=3)


def predicted(scores: pd.Series) -> pd.Series:
    """The definitions' classes: negative up to -0.1, positive from 0.1, unknown where no word was known."""
    bins = pd.cut(scores, [-1.01, -0.1, 0.0999, 1.01], labels=CLASSES).astype("str")
    return bins.where(scores.notna(), "unknown")


def macro_f1(labels: pd.Series, found: pd.Series) -> float:
    known, guessed = labels.replace("unknown", "neutral"), found.replace("unknown", "neutral")
    return round(float(f1_score(known, guessed, labels=CLASSES, average="macro", zero_division=0)), 3)


def word_sum(weights: dict[str, float]) -> Scorer:
    def score(texts: pd.Series) -> pd.Series:
        hits = [[weights[word] for word in words(normalise(text)) if word in weights] for text in texts]
        total = [max(-1.0, min(1.0, sum(each) / 5)) if each else float("nan") for each in hits]
        return pd.Series(total, index=texts.index, dtype=float)

    return score


def afinn() -> dict[str, float] | None:
    if not AFINN.is_dir():
        return None
    listed: dict[str, float] = {}
    for name in ("AFINN-en.json", "AFINN-es.json"):
        entries = json.loads((AFINN / name).read_text())
        listed |= {normalise(word): score for word, score in entries.items() if word and score is not None}
    return listed


def peers() -> dict[str, Scorer]:
    own = {word: entry.weight for word, entry in spanish_lexicon().anywhere.items() if " " not in word}
    lists: dict[str, Scorer] = {"own words, plainly summed": word_sum(own)}
    listed = afinn()
    return lists | ({"AFINN, plainly summed": word_sum(listed)} if listed else {})


def quality() -> list[dict[str, object]]:
    rows, results = labelled(), []
    ours: Scorer = lambda texts: sentiments(texts, languages=languages(texts))  # noqa: E731
    for name, scorer in {"sentiments()": ours, **peers()}.items():
        found = predicted(scorer(rows["text"]))
        for part, chosen in parts(rows).items():
            results.append(
                {
                    "what": f"sentiment, {part}: {name}",
                    "n": int(chosen.sum()),
                    "macro_f1": macro_f1(rows["label"][chosen], found[chosen]),
                    "unknown": int((found[chosen] == "unknown").sum()),
                }
            )
        if name == "sentiments()":
            print(pd.crosstab(rows["label"], found, rownames=["label"], colnames=["found"]))
    return results


def parts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    plain = rows["irony"] == "no"
    spanish, english = rows["language"] == "es", rows["language"] == "en"
    return {
        "Spanish": plain & spanish,
        "English": plain & english,
        "mixed": plain & ~spanish & ~english,
        "irony": ~plain,
    }


def distinct_messages(count: int) -> pd.Series:
    """Distinct Spanish messages of the sample world's phrases, as long as real ones."""
    said = [text for templates in phrases.USER.values() for text in templates]
    texts = [f"{phrases.OPENERS[n % len(phrases.OPENERS)]}{said[n % len(said)]} {n}" for n in range(count)]
    return pd.Series(texts, dtype="str")


def english_messages(count: int) -> pd.Series:
    said = labelled().query("language == 'en'")["text"].tolist()
    return pd.Series([f"{said[n % len(said)]} {n}" for n in range(count)], dtype="str")


def star_messages() -> pd.Series:
    """What the users of STAR wrote; no row where ../shared/data is absent."""
    if not STAR.exists():
        return pd.Series([], dtype="str")
    with gzip.open(STAR, "rt") as lines:
        events = [event for line in lines for event in json.loads(line)["Events"]]
    said = [event["Text"] for event in events if (event["Agent"], event["Action"]) == ("User", "utter")]
    return pd.Series(said, dtype="str").drop_duplicates(ignore_index=True)


def speed(count: int = 100_000) -> list[dict[str, object]]:
    results: list[dict[str, object]] = []
    for name, scorer, texts in (
        ("Spanish", score_spanish, distinct_messages(count)),
        ("English", score_english, english_messages(count // 5)),
        ("English, users of STAR", score_english, star_messages()),
        ("either, language told", sentiments, distinct_messages(count)),
    ):
        if texts.empty:
            continue
        scorer(texts.head(100))
        began = time.perf_counter()
        scorer(texts)
        seconds = time.perf_counter() - began
        results.append(
            {"what": f"sentiment speed, {name}", "distinct_messages_per_second": round(len(texts) / seconds)}
        )
    return results


def measure() -> list[dict[str, object]]:
    """Every row of this bench."""
    return [*quality(), *speed()]


if __name__ == "__main__":
    for row in measure():
        print(row)
