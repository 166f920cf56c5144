"""Prints the journal rows in SQLite files as JSON: who, the log in order, the list of events. Opens copies' files only."""
import json
import sqlite3
import sys

people, events = {}, []
for path in sys.argv[1:]:
    book = sqlite3.connect(path)
    tables = {name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "log" not in tables:
        continue
    for key, entry in book.execute("SELECT key, entry FROM log JOIN people ON people.id = log.person ORDER BY key, n"):
        people.setdefault(key, []).append(json.loads(entry))
    rows = book.execute(
        "SELECT events.id, delivery, source, key, kind, status, note FROM events LEFT JOIN people ON people.id = events.person"
    )
    events += [list(row) for row in rows]
print(json.dumps({"people": people, "events": events}))
