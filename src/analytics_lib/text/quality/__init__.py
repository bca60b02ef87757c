"""How a chat is written and what is asked in it: questions, repeats, address, spelling, ease of reading."""

from analytics_lib.text.quality.address import address_forms, address_of
from analytics_lib.text.quality.questions import asks
from analytics_lib.text.quality.reading_ease import readability
from analytics_lib.text.quality.repetition import same_question, similarity
from analytics_lib.text.quality.spelling import typos

__all__ = ["address_forms", "address_of", "asks", "readability", "same_question", "similarity", "typos"]
