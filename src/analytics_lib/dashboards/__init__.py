"""Pages for people who never open a notebook: made of notebooks' tagged cells, published, kept fresh."""

import sys

# A grammar of addresses takes as long to import as the whole server, and what is below Voilà asks for it only
# where it is installed. None: "not installed".
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
